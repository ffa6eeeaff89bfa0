/** The HTTP/2 half of a port, whatever answers its requests. */
import type { Socket } from 'node:net'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'
import type { IdleConnection } from './connection-limits.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'

/** Answers the connections that speak HTTP/2, and ends them in two steps when the port closes. */
export interface Http2Front {
  /** Takes over a connection whose preface is not read yet. */
  accept(socket: Socket): void
  /** The connection without a stream that can be missed best; undefined: there is none, or it is not known. */
  findLongestIdle(now: number): IdleConnection | undefined
  /** Keeps no connection that could make room. */
  clearIdle(): void
  /** Ends every session gracefully (RFC 9113 section 6.8); open streams go on. */
  drain(): void
  /** Resets what is still open. */
  cut(): void
}

/** Makes the front of a port on other sessions than our own. `handler` takes its requests. */
export type CreateHttp2Front = (options: ResolvedOnePortOptions, handler: NodeHandler) => Http2Front
