/** The interface between subchannels, which manage states and backoff, and connections, which manage sockets. */
import type { ConnectError } from '@connectrpc/connect'
import type { Address } from './endpoint.ts'
import type { SubchannelConnection } from './subchannel.ts'

/** Creates connections. All subchannels of a channel share one connector. */
export interface Connector {
  /** Starts an attempt. Calls the listener only after it has returned. */
  connect(address: Address, listener: ConnectionListener): ConnectionAttempt
}

/** A connection attempt, and then the connection. */
export interface ConnectionAttempt {
  /** Closes it after the calls in flight have ended. The listener is not called any more. */
  close(): void
}

/** Receives the events of an attempt: either `onFailed`, or `onReady` and later `onLeaving`; each once. */
export interface ConnectionListener {
  /** The server's SETTINGS have arrived, so calls can be made. */
  onReady(connection: SubchannelConnection): void
  /** The attempt failed before the first SETTINGS. */
  onFailed(error: ConnectError): void
  /** The connection takes no new calls: the server sent a GOAWAY, or the connection is lost. */
  onLeaving(departure: Departure): void
}

/** Why a connection takes no new calls. */
export interface Departure {
  readonly error: ConnectError
  /** Whether the connection has had a response, or may still get one. May be called long after. */
  hasServed(): boolean
}
