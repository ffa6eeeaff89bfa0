/** The HTTP/2 side of a port, on whichever sessions. */
import type { Socket } from 'node:net'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'
import type { IdleConnection } from './connection-limits.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import type { PortConnection } from './port-connection.ts'

/** Serves HTTP/2 connections, and ends them in two steps when the port closes: `drain`, then `cut`. */
export interface Http2Front {
  /** Takes over a connection whose preface has not been read. */
  accept(socket: Socket): void
  /** Returns the longest-idle connection without a stream; undefined if there is none. */
  findLongestIdle(now: number): IdleConnection | undefined
  /** Drops the list of idle connections. */
  clearIdle(): void
  /** The open connections. */
  connections(): Iterable<PortConnection>
  /** Ends every session gracefully (RFC 9113 section 6.8). Open streams go on. */
  drain(): void
  /** Resets the streams that are still open. */
  cut(): void
}

/** Creates the HTTP/2 side of a port on other sessions than our own. `handler` receives its requests. */
export type CreateHttp2Front = (options: ResolvedOnePortOptions, handler: NodeHandler) => Http2Front
