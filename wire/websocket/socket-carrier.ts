/** Carries a WebSocket over a connection of HTTP/1.1, after its upgrade. */
import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { takenBytesOf } from '../socket-progress.ts'
import type { ByteCarrier, CarrierSink } from './byte-carrier.ts'

/** Takes over the socket, whose other listeners must be gone but for `error`. */
export class SocketCarrier implements ByteCarrier {
  sink: CarrierSink | null = null
  readonly #socket: Socket
  /** What was read with the head of the request, until it is passed on. */
  #head: Buffer | null
  #isPaused = true
  #isCorked = false

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket
    this.#head = head.length > 0 ? head : null
    socket.setTimeout(0)
    socket.pause()
    socket.on('data', (chunk: Buffer) => this.sink?.onChunk(chunk))
    socket.on('drain', () => this.sink?.onDrain())
    socket.on('end', () => this.sink?.onEnd())
    socket.on('close', () => this.sink?.onClose())
  }

  get queuedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  get leftBytes(): number {
    return takenBytesOf(this.#socket)
  }

  /** What is below the high-water mark leaves without a word, so it does not count. */
  get heldBytes(): number {
    return this.#socket.writableNeedDrain ? this.queuedBytes : 0
  }

  /** What is written in one turn leaves together. */
  write(data: Uint8Array): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    return this.#socket.write(data)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#head === null) this.#socket.resume()
    else setImmediate(() => this.#passHead())
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  release(): void {}

  #passHead(): void {
    const head = this.#head
    if (this.#isPaused) return
    this.#head = null
    if (head !== null) this.sink?.onChunk(head)
    if (!this.#isPaused) this.#socket.resume()
  }
}
