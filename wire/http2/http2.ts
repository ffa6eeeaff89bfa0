/** HTTP/2 (RFC 9113) over a socket, as a server or as a client: the interface for the rest of the project. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Http2Session, ServerSessionHandler, SessionHandler } from './contract.ts'
import type { NormalizedHttp2Options } from './options.ts'
import { Session } from './session.ts'

/**
 * Creates the server side of a connection, which reads from the client's preface on once `start` is called. The session owns the socket,
 * which must have been created with `allowHalfOpen`; put octets that were read before back with `unshift`. Options come from
 * `normalizeHttp2Options('server', ...)`.
 */
export function createServerSession(
  socket: Socket | TLSSocket,
  options: NormalizedHttp2Options,
  handler: ServerSessionHandler,
): Http2Session {
  if (options.role !== 'server') throw new TypeError('a server session needs the options of a server')
  return new Session(socket, { options, handler })
}

/**
 * Creates the client side of a connection on a connected socket (with TLS, after its handshake), which starts once `start` is called.
 * Requests can be sent once `onSettings` was called. Options come from `normalizeHttp2Options('client', ...)`.
 */
export function createClientSession(
  socket: Socket | TLSSocket,
  options: NormalizedHttp2Options,
  handler: SessionHandler,
): Http2Session {
  if (options.role !== 'client') throw new TypeError('a client session needs the options of a client')
  return new Session(socket, { options, handler })
}

export {
  type Authority,
  isHost,
  isPrintableAuthority,
  isSameAuthority,
  parseAuthority,
  urlAuthorityOf,
} from './authority.ts'
export { BodyBuffer } from './body-buffer.ts'
export { type Clock, type ScheduledTimer, systemClock } from './clock.ts'
export type {
  Goaway,
  Http2Session,
  Http2Stream,
  RequestOptions,
  ServerSessionHandler,
  SessionHandler,
  StreamReset,
  StreamSink,
} from './contract.ts'
export { ConnectionError, ErrorCode, errorCodeName, socketReason } from './errors.ts'
export { receivedOctets, sentOctets } from './exclusive-octets.ts'
export { FloodBudget, type FloodRate, TOO_MANY_PINGS } from './flood-guard.ts'
export { type HeadKind, type MessageHead, RequestHead, RequestVerdict, type ResponseHead } from './head.ts'
export { HeaderListTooLargeError, type HeaderSource, HeaderTemplate } from './header-template.ts'
export { type EncodableField, type HeaderField, headerField, headerListSize } from './hpack/header-field.ts'
export { Token } from './hpack/header-name.ts'
export { RouteMemo } from './hpack/route-memo.ts'
export { Keepalive, type KeepaliveWatch, type WatchedSession } from './keepalive.ts'
export { copyOf, copyRange, type OctetRange } from './octets.ts'
export {
  DEFAULT_PROCESS_BUFFER_BYTES,
  type Http2Options,
  headerBlockLimits,
  type NormalizedHttp2Options,
  normalizeHttp2Options,
} from './options.ts'
export type { PingPolicy } from './ping-strikes.ts'
export { type MemoryBudget, type MemoryHolder, ProcessMemory, processMemory } from './process-memory.ts'
export { type FaultHandler, reportFault, warnOfFault } from './report-fault.ts'
export { systemTimers, TimerWheel, WheelTimer } from './timer-wheel.ts'
export { runInSlices, type SlicedWork } from './turn-slices.ts'
