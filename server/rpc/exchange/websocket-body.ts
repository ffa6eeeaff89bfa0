/** The body of a request over a WebSocket, in the wire format `grpc-websockets`. */
import type { Buffer } from 'node:buffer'
import { Control } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import { BodyBuffer, type OctetRange } from '../../../wire/http2/http2.ts'
import { CloseCode } from '../../../wire/websocket/frame.ts'
import { WebSocketError } from '../../../wire/websocket/websocket-error.ts'

/**
 * Octets that are read before the owner wants them. A client that closes is noticed as long as it has sent no more, since
 * its close frame is behind them.
 */
const READ_AHEAD_BYTES = 65_536

/** Takes the control octets off the client's messages, and keeps what follows them, as it comes, until it is read. */
export class WebSocketBody {
  /** Body octets so far. */
  receivedBytes = 0
  isHalfClosed = false
  readonly #buffer = new BodyBuffer()
  /** The number of octets that the owner waits for; 0 if it does not wait. */
  #wanted = 0
  /** The control octet of the message that is arriving; -1 before it. */
  #control = -1
  #isDropped = false

  /** Octets that can be read. */
  get length(): number {
    return this.#buffer.length
  }

  /** Memory kept alive for them. */
  get capacityBytes(): number {
    return this.#buffer.capacityBytes
  }

  /** Whether there is so much that no more need be read from the client. After the half-close, only control frames follow. */
  get isFull(): boolean {
    return !this.isHalfClosed && this.length >= Math.max(this.#wanted, READ_AHEAD_BYTES)
  }

  /** As in `ByteSource`. */
  want(bytes: number): boolean {
    const isThere = this.isHalfClosed || this.length >= bytes
    this.#wanted = isThere ? 0 : bytes
    return isThere
  }

  byteAt(offset: number): number {
    return this.#buffer.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.#buffer.read(bytes)
  }

  peek(): OctetRange | null {
    return this.#buffer.peek()
  }

  skip(bytes: number): void {
    this.#buffer.skip(bytes)
  }

  /** Drops what is there, and what follows. */
  drop(): void {
    this.#isDropped = true
    this.#buffer.clear()
  }

  /**
   * Takes part of a message of the client.
   *
   * @throws WebSocketError for what the wire format does not allow
   */
  push(chunk: Buffer, start: number, end: number): void {
    const at = this.#control < 0 ? this.#readControl(chunk[start] as number, start) : start
    if (at === end) return
    if (this.#control === Control.HALF_CLOSE) throw protocolError('data in a half-close message')
    this.receivedBytes += end - at
    if (!this.#isDropped) this.#buffer.push(chunk, at, end, this.#wanted)
  }

  endMessage(): void {
    if (this.#control === Control.HALF_CLOSE) this.isHalfClosed = true
    this.#control = -1
  }

  /** Returns whether what the owner waits for has arrived. It waits no longer then. */
  takeReady(): boolean {
    const isReady = this.#wanted > 0 && (this.isHalfClosed || this.length >= this.#wanted)
    if (isReady) this.#wanted = 0
    return isReady
  }

  /** Keeps no views of chunks beyond the turn. */
  settle(): void {
    this.#buffer.settle(this.#wanted)
  }

  #readControl(octet: number, at: number): number {
    if (octet !== Control.DATA && octet !== Control.HALF_CLOSE) throw protocolError('an unknown control octet')
    if (this.isHalfClosed) throw protocolError('a message after the half-close')
    this.#control = octet
    return at + 1
  }
}

function protocolError(message: string): WebSocketError {
  return new WebSocketError(CloseCode.PROTOCOL_ERROR, message)
}
