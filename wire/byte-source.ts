/** The body of a request or response, as message readers see it on any transport. */
import type { Buffer } from 'node:buffer'
import type { OctetRange } from './http2/http2.ts'

/** A body that its reader pulls. No method calls back synchronously. */
export interface ByteSource {
  /** Octets that can be read now. */
  readonly readableBytes: number
  /** Whether the peer has sent the whole body. Unread octets stay readable. */
  readonly isPeerDone: boolean
  /**
   * Requests one `onReadable` for when this many octets can be read or the peer is done. Returns true if that is so already; no call
   * follows then. The transport buffers without limit, so the caller must check its own limit first.
   */
  want(bytes: number): boolean
  /** Returns a readable octet without consuming it, at an offset from the next one. */
  byteAt(offset: number): number
  /** Consumes the next octets. They never change, but may keep a larger chunk alive: copy what outlives the call. */
  read(bytes: number): Buffer
  /**
   * Returns the next octets that lie together, as few or many as they are; null for none. Valid until the next call of any method, or
   * the end of the turn. Default: undefined, as `skip`; readers then use `byteAt` and `read`.
   */
  peek?(): OctetRange | null
  /** Consumes octets of the range that `peek` has returned. */
  skip?(bytes: number): void
}
