/** Writes frames to a socket, through a slab that all sessions share. */
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { copyRange } from './octets.ts'

/** Size of the slab that all sessions of the process share: room for a flush, so that it takes one write. */
const SLAB_BYTES = 327_680

/** Payloads from this size are passed to TLS without a copy, as it copies them itself. */
const BY_REFERENCE_FROM_BYTES = 8_192

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)

/**
 * Between `begin` and `finish`, in the same turn, frames are written at `buffer[at]`. A plain socket nearly always writes synchronously,
 * so that the slab is free again afterwards. TLS and congested sockets get a copy.
 */
export class FrameOutput {
  /** The buffer that frames are written to. */
  buffer: Buffer = slab
  /** The offset of the next octet, which the writer advances. */
  at = 0
  private readonly socket: Socket
  /** Whether appended octets are copied, so that their buffer may be reused at once. */
  readonly isSynchronous: boolean
  private from = 0
  private sentBytes = 0
  private isCorked = false
  /** Whether the last segment was a part of the slab, not a copy. */
  private isShared = false

  constructor(socket: Socket, isSynchronous: boolean) {
    this.socket = socket
    this.isSynchronous = isSynchronous
  }

  /** Octets written since `begin`. */
  get writtenBytes(): number {
    return this.sentBytes + this.at - this.from
  }

  /** Starts a flush. */
  begin(): void {
    this.buffer = slab
    this.at = 0
    this.from = 0
    this.sentBytes = 0
  }

  /** Ensures that this many octets fit at `at`. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return
    this.send()
    if (this.at + bytes <= this.buffer.length) return
    if (bytes <= SLAB_BYTES) this.renewSlab()
    else this.buffer = Buffer.allocUnsafeSlow(bytes)
  }

  /** Appends a piece of a payload. The caller must not change it afterwards, unless the output is synchronous. */
  append(data: Uint8Array, start: number, end: number): void {
    if (!this.isSynchronous && end - start >= BY_REFERENCE_FROM_BYTES) {
      this.appendByReference(data, start, end)
      return
    }
    this.reserve(end - start)
    this.at = copyRange(this.buffer, this.at, data, start, end)
  }

  /** Ends a flush, after which the socket has everything. */
  finish(): void {
    this.send()
    this.buffer = slab
  }

  private appendByReference(data: Uint8Array, start: number, end: number): void {
    if (!this.isCorked) this.socket.cork()
    this.isCorked = true
    this.writeSegment()
    this.socket.write(data.subarray(start, end))
    this.sentBytes += end - start
  }

  private writeSegment(): void {
    if (this.at === this.from) return
    const segment = this.buffer.subarray(this.from, this.at)
    this.isShared = this.isSynchronous && this.socket.writableLength === 0
    this.socket.write(this.isShared ? segment : Buffer.from(segment))
    this.sentBytes += this.at - this.from
    this.from = this.at
  }

  private send(): void {
    this.writeSegment()
    if (this.isCorked) this.socket.uncork()
    this.isCorked = false
    if (this.isShared && this.socket.writableLength > 0) this.renewSlab()
    this.isShared = false
    this.at = 0
    this.from = 0
  }

  /** Replaces the slab, as the socket still holds what it has not written. */
  private renewSlab(): void {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.buffer = slab
    this.at = 0
    this.from = 0
  }
}
