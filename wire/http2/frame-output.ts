/** Turns frames into writes of a socket: small things through a slab that all sessions share, large ones by reference. */
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'

/** The slab that sessions of the process take turns in. */
const SLAB_BYTES = 65_536

/** From this size a payload is handed to the socket as it is: below, copying it is cheaper than a segment of writev. */
const BY_REFERENCE_FROM_BYTES = 8_192

/** Below this size a loop of bytes is faster than a call of copy. */
const BYTE_LOOP_BELOW_BYTES = 64

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)

/**
 * Between `begin` and `finish`, which belong to one turn, `buffer` and `at` say where to write. A write of a plain socket is
 * synchronous nearly always, and then the slab is free again; TLS and a congested socket get a copy that fits.
 */
export class FrameOutput {
  /** Where frames are written to. */
  buffer: Buffer = slab
  /** The offset of the next octet; the writer moves it. */
  at = 0
  private readonly socket: Socket
  private readonly isSynchronous: boolean
  private from = 0
  private sentBytes = 0
  private isCorked = false

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

  /** Makes sure that so many octets fit behind `at`. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return
    this.send()
    if (this.at + bytes <= this.buffer.length) return
    if (bytes <= SLAB_BYTES) this.renewSlab()
    else this.buffer = Buffer.allocUnsafeSlow(bytes)
  }

  /** Appends a piece of a payload. A large one must not be changed any more. */
  append(data: Uint8Array, start: number, end: number): void {
    if (end - start >= BY_REFERENCE_FROM_BYTES) {
      this.appendByReference(data, start, end)
      return
    }
    this.reserve(end - start)
    this.at = copyRange(this.buffer, this.at, data, start, end)
  }

  /** Ends a flush: all is with the socket. */
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
    const mayShare = this.isSynchronous && (this.isCorked || this.socket.writableLength === 0)
    this.socket.write(mayShare ? segment : Buffer.from(segment))
    this.sentBytes += this.at - this.from
    this.from = this.at
  }

  private send(): void {
    this.writeSegment()
    if (this.isCorked) this.socket.uncork()
    this.isCorked = false
    if (this.isSynchronous && this.socket.writableLength > 0 && this.from > 0) this.renewSlab()
    this.at = 0
    this.from = 0
  }

  /** The socket keeps what it did not take at once: the next one gets a new slab. */
  private renewSlab(): void {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.buffer = slab
    this.at = 0
    this.from = 0
  }
}

/** Copies `data[start, end)` to an offset where it fits; returns the offset behind it. */
export function copyRange(target: Buffer, offset: number, data: Uint8Array, start = 0, end = data.length): number {
  let at = offset
  if (end - start < BYTE_LOOP_BELOW_BYTES) {
    for (let i = start; i < end; i++) target[at++] = data[i] as number
    return at
  }
  target.set(start === 0 && end === data.length ? data : data.subarray(start, end), at)
  return at + end - start
}
