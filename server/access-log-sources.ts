/** Tells the access log what it cannot know by itself of requests that pass Fastify. */
import { endingCode } from '../wire/ending-code.ts'
import type { RpcProtocol } from '../wire/rpc-protocol.ts'
import { MemorySocket } from './listen/memory-socket.ts'
import { type NodeRequest, protocolOf } from './listen/node-exchange.ts'
import { trafficOf } from './listen/traffic.ts'
import { callOutcomeOf } from './reference/call-outcomes.ts'
import type { AccessLogSources } from './telemetry/access-log.ts'

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
