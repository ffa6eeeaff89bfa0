/** Tells the access log what it cannot know by itself: of requests that pass Fastify, and of calls that do not. */

import type { Code } from '@connectrpc/connect'
import type { FastifyBaseLogger } from 'fastify'
import type { NodeRequest } from './listen/node-exchange.ts'
import { trafficOf } from './listen/traffic.ts'
import type { PorticoOptions } from './plugin-options.ts'
import { callOutcomeOf } from './reference/call-outcomes.ts'
import { callerProtocolOf } from './reference/refuse-call.ts'
import type { CallEnd } from './rpc/call.ts'
import type { CallerProtocol } from './rpc/exchange/caller-protocol.ts'
import { type AccessLogSources, isLogging, logCall, logRequest } from './telemetry/access-log.ts'

/** For the requests that pass Fastify; `paths` are those of methods. */
export function accessLogSources(paths: ReadonlySet<string>): AccessLogSources {
  // A call by curl shows no protocol of its own: its path does. A preflight is a browser's question, and no call.
  const protocolOf = (raw: NodeRequest, path: string) =>
    callerProtocolOf(raw, paths.has(path) && raw.method !== 'OPTIONS')
  return {
    protocolOf: ({ raw }, path) => protocolOf(raw, path)?.name,
    outcomeOf: ({ raw, log, url }, status) => {
      const { code } = callOutcomeOf(raw, log)
      const protocol = protocolOf(raw, url.split('?', 1)[0] ?? '')
      const lastChunk = trafficOf(raw)?.lastSent
      if (code !== undefined || protocol === undefined || lastChunk === undefined) return code
      return endingCodeOf(protocol, status, lastChunk)
    },
    trafficOf: ({ raw }) => trafficOf(raw),
    httpVersionOf: ({ raw }) => raw.httpVersion,
  }
}

/** Undefined for what is not an end of the protocol: an ordinary error page, or an end that was compressed. */
function endingCodeOf(protocol: CallerProtocol, status: number, lastChunk: Uint8Array): Code | undefined {
  try {
    return protocol.endingCodeOf(status, lastChunk)
  } catch {
    return undefined
  }
}

/** For the calls that do not: who is told of their ends. Where no line would be written, nothing is noted down for one. */
export function callObserver(
  logger: FastifyBaseLogger | undefined,
  onCallEnd: PorticoOptions['onCallEnd'],
): Pick<PorticoOptions, 'onCallEnd'> {
  if (!isLogging(logger)) return onCallEnd === undefined ? {} : { onCallEnd }
  return {
    onCallEnd(end) {
      logEnd(logger, end)
      onCallEnd?.(end)
    },
  }
}

function logEnd(logger: FastifyBaseLogger, { exchange, protocol, code, httpStatus, ...bytes }: CallEnd): void {
  const { connection, head, openedAtMs } = exchange
  const common = {
    path: head.path.split('?', 1)[0] ?? '',
    durationMs: performance.now() - openedAtMs,
    receivedBytes: bytes.receivedBytes,
    sentBytes: bytes.sentBytes,
    peer: `${connection.remoteAddress}:${connection.remotePort}`,
    httpVersion: connection.httpVersion === '2' ? '2.0' : connection.httpVersion,
  }
  const isPreflight = protocol === undefined && httpStatus !== undefined && head.method === 'OPTIONS'
  if (isPreflight) logRequest(logger, { ...common, method: head.method, status: httpStatus })
  else logCall(logger, { ...common, protocol: protocol ?? 'connect', code })
}
