/** The seam between subchannels, which know states and backoff, and connections, which know sockets. */
import type { ConnectError } from '@connectrpc/connect'
import type { Address } from './endpoint.ts'
import type { SubchannelConnection } from './subchannel.ts'

/** Makes connections. One for all subchannels of a channel. */
export interface Connector {
  /** Begins an attempt, and tells the listener how it goes; never before it has returned. */
  connect(address: Address, listener: ConnectionListener): ConnectionAttempt
}

/** An attempt under way, and then the connection that it became. */
export interface ConnectionAttempt {
  /** The subchannel is not interested any more: the listener hears nothing of it. Calls under way end in peace. */
  close(): void
}

/** What a subchannel is told of an attempt: either `onFailed`, or `onReady` and later `onLeaving`; each once. */
export interface ConnectionListener {
  /** The server's SETTINGS have come: calls can be made. */
  onReady(connection: SubchannelConnection): void
  /** There was no connection before the first SETTINGS. */
  onFailed(error: ConnectError): void
  /** No new calls: the server says so (GOAWAY), or the connection is lost. */
  onLeaving(departure: Departure): void
}

/** Why a connection takes no new calls. */
export interface Departure {
  readonly error: ConnectError
  /** Whether an answer has begun on the connection, or still may: asked when it matters, perhaps long after. */
  hasServed(): boolean
}
