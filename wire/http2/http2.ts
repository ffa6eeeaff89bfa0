/** HTTP/2 (RFC 9113) over a socket, as a server or as a client: all that the rest of the project uses of it. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Http2Session, ServerSessionHandler, SessionHandler } from './contract.ts'
import type { NormalizedHttp2Options } from './options.ts'
import { Session } from './session.ts'

/**
 * Creates the server's end of a connection, from the client's preface on; it waits for `start`. The socket must be the
 * session's alone, made with `allowHalfOpen`; octets that were read from it before are to be put back by `unshift`. Options are
 * those of `normalizeHttp2Options('server', ...)`.
 */
export function createServerSession(
  socket: Socket | TLSSocket,
  options: NormalizedHttp2Options,
  handler: ServerSessionHandler,
): Http2Session {
  if (options.role !== 'server') throw new TypeError('options of a client given to a server session')
  return new Session(socket, { options, handler })
}

/**
 * Creates the client's end of a connection on a socket that is connected (and, with TLS, has shaken hands); it waits for
 * `start`. Requests may be made once `onSettings` was called. Options are those of `normalizeHttp2Options('client', ...)`.
 */
export function createClientSession(
  socket: Socket | TLSSocket,
  options: NormalizedHttp2Options,
  handler: SessionHandler,
): Http2Session {
  if (options.role !== 'client') throw new TypeError('options of a server given to a client session')
  return new Session(socket, { options, handler })
}

export { type Authority, isPrintableAuthority, isSameAuthority, parseAuthority, urlAuthorityOf } from './authority.ts'
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
export { TOO_MANY_PINGS } from './flood-guard.ts'
export { type MessageHead, type RequestHead, RequestVerdict, type ResponseHead } from './head.ts'
export { HeaderListTooLargeError, type HeaderSource, HeaderTemplate } from './header-template.ts'
export { type EncodableField, headerListSize } from './hpack/encodable-field.ts'
export { type HeaderField, headerField } from './hpack/header-field.ts'
export { Token } from './hpack/header-name.ts'
export { RouteMemo } from './hpack/route-memo.ts'
export {
  DEFAULT_PROCESS_BUFFER_BYTES,
  type Http2Options,
  headerBlockLimits,
  type NormalizedHttp2Options,
  normalizeHttp2Options,
} from './options.ts'
export { type MemoryBudget, type MemoryHolder, ProcessMemory, processMemory } from './process-memory.ts'
export { type FaultHandler, reportFault, warnOfFault } from './report-fault.ts'
export { systemTimers, TimerWheel, WheelTimer } from './timer-wheel.ts'
export { runInSlices, type SlicedWork } from './turn-slices.ts'
