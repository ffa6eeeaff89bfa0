/** The channelz record of a connection. */
import type { SocketFacts } from '../../../wire/channelz/socket-facts.ts'

/** Created with the connection, and kept while it is open. */
export interface SocketRecord {
  /** The channelz id. */
  readonly id: number
  /** Whether the socket is open, even if it takes no more calls. */
  readonly isOpen: boolean
  /** Returns the current facts. */
  facts(): SocketFacts
}
