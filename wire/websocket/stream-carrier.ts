/** Carries a WebSocket over a stream of our own HTTP/2 (RFC 8441). */
import { Buffer } from 'node:buffer'
import { ErrorCode, type Http2Stream, type StreamSink } from '../http2/http2.ts'
import type { ByteCarrier, CarrierSink } from './byte-carrier.ts'

/** Takes over the stream, whose response head has been sent. */
export class StreamCarrier implements ByteCarrier, StreamSink {
  sink: CarrierSink | null = null
  /** Nobody waits for octets of the stream: the owner of the WebSocket knows what is owed. */
  readonly isOwed = false
  /** The session counts what its streams hold. */
  readonly heldBytes = 0
  readonly #stream: Http2Stream
  #writtenBytes = 0
  #isPaused = true
  #hasEnded = false
  #isClosed = false

  constructor(stream: Http2Stream) {
    this.#stream = stream
    stream.sink = this
  }

  get queuedBytes(): number {
    return this.#isClosed ? 0 : Math.max(0, this.#writtenBytes - this.#stream.sentBytes)
  }

  get leftBytes(): number {
    return this.#stream.sentBytes
  }

  write(data: Uint8Array): boolean {
    if (this.#isClosed) return true
    this.#writtenBytes += data.byteLength
    return this.#stream.write(data)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    setImmediate(() => this.#pump())
  }

  /** Both sides of the tunnel end together: nothing is read from a stream whose server has ended its side. */
  end(): void {
    this.#stream.end()
    setImmediate(() => this.#close())
  }

  destroy(): void {
    this.#stream.reset(ErrorCode.CANCEL)
    setImmediate(() => this.#close())
  }

  release(): void {
    this.#stream.release()
  }

  /** For clients only. */
  onHead(): void {}

  onReadable(): void {
    this.#pump()
  }

  onWritable(): void {
    this.sink?.onDrain()
  }

  onReset(): void {
    this.#close()
  }

  #pump(): void {
    const stream = this.#stream
    while (!this.#isPaused && !this.#isClosed && !this.#hasEnded && stream.want(1)) {
      if (stream.readableBytes > 0) {
        // Copied, because what is read is valid in this turn only, and is unmasked in place.
        this.sink?.onChunk(Buffer.from(stream.read(stream.readableBytes)))
      } else {
        this.#hasEnded = true
        this.sink?.onEnd()
      }
    }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.sink?.onClose()
  }
}
