/** Tells the access log what it cannot know by itself: of requests that pass Fastify, and of calls that do not. */
import type { FastifyBaseLogger } from 'fastify'
import { endingCode } from '../wire/ending-code.ts'
import type { RpcProtocol } from '../wire/rpc-protocol.ts'
import { MemorySocket } from './listen/memory-socket.ts'
import { type NodeRequest, protocolOf } from './listen/node-exchange.ts'
import { trafficOf } from './listen/traffic.ts'
import type { PorticoOptions } from './plugin-options.ts'
import { callOutcomeOf } from './reference/call-outcomes.ts'
import type { CallEnd } from './rpc/call.ts'
import { type AccessLogSources, isLogging, logCall, logRequest } from './telemetry/access-log.ts'

/** For the requests that pass Fastify; `paths` are those of methods. */
export function accessLogSources(paths: ReadonlySet<string>): AccessLogSources {
  // A call by curl shows no protocol of its own: its path does. A preflight is a browser's question, and no call.
  const callProtocolOf = (raw: NodeRequest, path: string): RpcProtocol | undefined =>
    protocolOf(raw) ?? (paths.has(path) && raw.method !== 'OPTIONS' ? 'connect-unary' : undefined)
  return {
    protocolOf: ({ raw }, path) => callProtocolOf(raw, path)?.replace(/-(unary|stream)$/, ''),
    outcomeOf: ({ raw, log, url }, status) => {
      const { code } = callOutcomeOf(raw, log)
      const protocol = callProtocolOf(raw, url.split('?', 1)[0] ?? '')
      const lastChunk = trafficOf(raw)?.lastSent
      if (code !== undefined || protocol === undefined || lastChunk === undefined) return code
      return endingCode({ protocol, status, lastChunk })
    },
    trafficOf: ({ raw }) => trafficOf(raw),
    httpVersionOf: ({ raw }) => (raw.socket instanceof MemorySocket ? '2.0' : raw.httpVersion),
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
