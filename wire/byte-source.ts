/** The body of a message, whatever transports it: what readers of messages need. */
import type { Buffer } from 'node:buffer'

/** A body that is pulled. Nothing here calls back synchronously. */
export interface ByteSource {
  /** Octets that can be read. */
  readonly readableBytes: number
  /** The peer has sent the whole body; what is not read yet stays readable. */
  readonly isPeerDone: boolean
  /**
   * Asks for one `onReadable` when so many octets can be read or the peer is done. True: it is so already, and no call
   * follows. The transport buffers what was asked for without limit: the caller sees to its own limit.
   */
  want(bytes: number): boolean
  /** Looks at an octet that can be read, at a distance from the next one. */
  byteAt(offset: number): number
  /** Takes the next octets out. They never change, but may pin a larger chunk: what outlives the call should be copied. */
  read(bytes: number): Buffer
}
