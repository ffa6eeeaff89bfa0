/** Tells the access log what it cannot know by itself of requests that pass Fastify. */
import type { Code } from '@connectrpc/connect'
import type { NodeRequest } from './listen/node-exchange.ts'
import { trafficOf } from './listen/traffic.ts'
import { callOutcomeOf } from './reference/call-outcomes.ts'
import { callerProtocolOf } from './reference/refuse-call.ts'
import type { CallerProtocol } from './rpc/exchange/caller-protocol.ts'
import type { AccessLogSources } from './telemetry/access-log.ts'

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
