/** The server's end of a WebSocket on any carrier: messages both ways, pings, and the closing handshake (RFC 6455). */
import { Buffer } from 'node:buffer'
import { FloodBudget, type FloodRate, warnOfFault } from '../http2/http2.ts'
import type { ByteCarrier, CarrierSink } from './byte-carrier.ts'
import { readClosePayload } from './close-payload.ts'
import { ClosingWatch, type ClosingWatchInit } from './closing-watch.ts'
import { CloseCode, Opcode } from './frame.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { binaryFrame, closeFrame, controlFrame } from './frame-writer.ts'
import { WebSocketError } from './websocket-error.ts'

/** Messages and fragments with less are counted against floods: an envelope of gRPC has five octets, and a control octet is before it. */
const TINY_BYTES = 6

/** Why a WebSocket has ended. */
export interface WebSocketEnd {
  /** The code of the peer's close frame, or of ours if it has failed; ABNORMAL for a lost connection. */
  readonly code: number
  /** Whether the peer has closed it, was at fault, or is gone. */
  readonly cause: 'closed' | 'failed' | 'lost'
  /** For logs. */
  readonly reason: string
}

/** Receives the messages of a WebSocket. What `onEnd` and `onClosed` throw is not caught. */
export interface WebSocketOwner {
  /** Part of a message: `chunk[start, end)`, which does not change, but keeps all of the chunk alive. */
  onPayload(chunk: Buffer, start: number, end: number): void
  onMessageEnd(): void
  /** All that has arrived in one read was passed on. */
  onReadEnd(): void
  /** There is room again after `send` returned false. */
  onDrain(): void
  /** The peer has ended the WebSocket, or broken its rules. Does not follow on `close` or `abort` of the owner. */
  onEnd(end: WebSocketEnd): void
  /** The carrier has closed, and nothing is queued any more. The last event. */
  onClosed(): void
}

/** Limits of a WebSocket. */
export interface WebSocketLimits extends Pick<ClosingWatchInit, 'timers' | 'closeTimeoutMs' | 'stallTimeoutMs'> {
  /** PINGs and PONGs of the peer, beyond those that our own messages explain. */
  readonly ping: FloodRate
  /** Frames that are legal and cheap, but pointless. */
  readonly glitch: FloodRate
  /** Called for each PONG that answers a PING of ours. */
  onPong(): void
}

/** Reads nothing until `start`. */
export class ServerWebSocket implements CarrierSink, FrameSink {
  owner: WebSocketOwner
  /** Octets received, frames included, and when the last of them arrived, by the clock of the timers. */
  bytesReceived = 0
  lastReceivedAtMs: number
  isPaused = false
  readonly #carrier: ByteCarrier
  readonly #limits: WebSocketLimits
  readonly #reader = new FrameReader(this)
  readonly #pings: FloodBudget
  readonly #glitches: FloodBudget
  readonly #closing: ClosingWatch
  #isBlocked = false
  /** The latest PING that is not answered yet, because the peer does not read. Earlier ones need no answer (section 5.5.3). */
  #pongDue: Buffer | null = null
  /** PINGs of ours that are not answered. */
  #pingsDue = 0
  #messageBytes = 0
  #isCloseSent = false
  /** Whether our side of the carrier has ended, behind what is queued. */
  #isCarrierEnded = false
  #isOver = false

  constructor(carrier: ByteCarrier, owner: WebSocketOwner, limits: WebSocketLimits) {
    const nowMs = limits.timers.clock.now()
    this.owner = owner
    this.lastReceivedAtMs = nowMs
    this.#carrier = carrier
    this.#limits = limits
    this.#pings = new FloodBudget(limits.ping, nowMs)
    this.#glitches = new FloodBudget(limits.glitch, nowMs)
    this.#closing = new ClosingWatch({
      timers: limits.timers,
      closeTimeoutMs: limits.closeTimeoutMs,
      stallTimeoutMs: limits.stallTimeoutMs,
      queuedBytes: () => carrier.queuedBytes,
      leftBytes: () => carrier.leftBytes,
      onOver: () => this.#destroy(),
    })
    carrier.sink = this
  }

  /** Octets that have not left. */
  get queuedBytes(): number {
    return this.#carrier.queuedBytes
  }

  /** Octets that have. */
  get leftBytes(): number {
    return this.#carrier.leftBytes
  }

  /** Those that are queued and count as held memory. */
  get heldBytes(): number {
    return this.#carrier.heldBytes
  }

  /** Whether the last `send` returned false, and `onDrain` is due. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  start(): void {
    this.#carrier.resume()
  }

  /** Sends a binary message. Returns false if the caller should wait; one `onDrain` follows. */
  send(data: Uint8Array): boolean {
    if (this.#isCloseSent) return true
    this.#pings.refund(1)
    for (const piece of binaryFrame(data)) this.#write(piece)
    return !this.#isBlocked
  }

  /** Sends a PING, which `onPong` of the limits follows. Returns false if none can be sent now. */
  ping(): boolean {
    if (this.#isCloseSent || this.#isBlocked) return false
    this.#pingsDue += 1
    this.#write(controlFrame(Opcode.PING, Buffer.alloc(0)))
    return true
  }

  /** Reads no more for now. Chunks that were read already are still passed on. */
  pause(): void {
    if (this.isPaused || this.#isCloseSent) return
    this.isPaused = true
    this.#carrier.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#carrier.resume()
  }

  /** Sends a close frame, and ends when the peer has answered it or the time is over. The owner receives no messages any more. */
  close(code: number, reason = ''): void {
    this.#isOver = true
    if (this.#isCloseSent) return
    this.#write(closeFrame(code, reason))
    this.#awaitEnd()
  }

  /** Ends at once: with a close frame if nothing is queued before it. The owner receives no messages any more. */
  abort(code: number, reason = ''): void {
    this.#isOver = true
    if (this.#isCloseSent || this.#carrier.queuedBytes > 0) this.#destroy()
    else this.#finish(code, reason)
  }

  /** Frees the place of the call: once its handler is done, or there will be none. */
  release(): void {
    this.#carrier.release()
  }

  #countGlitch(): void {
    if (!this.#glitches.take(this.lastReceivedAtMs)) throw flood('too many tiny frames')
  }

  onChunk(chunk: Buffer): void {
    this.bytesReceived += chunk.length
    this.lastReceivedAtMs = this.#limits.timers.clock.now()
    try {
      this.#reader.read(chunk)
      if (!this.#isOver) this.owner.onReadEnd()
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  onDrain(): void {
    this.#isBlocked = false
    if (this.#pongDue !== null && !this.#isCloseSent) this.#write(controlFrame(Opcode.PONG, this.#pongDue))
    this.#pongDue = null
    if (this.#isBlocked) return
    try {
      this.owner.onDrain()
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** The peer ends the carrier only after the closing handshake. Otherwise its connection was cut. */
  onEnd(): void {
    if (this.#isCarrierEnded) return
    this.#destroy()
    this.#end({ code: CloseCode.ABNORMAL, cause: 'lost', reason: 'the connection ended without a close frame' })
  }

  onClose(): void {
    this.#closing.stop()
    this.#end({ code: CloseCode.ABNORMAL, cause: 'lost', reason: 'the connection is gone' })
    this.owner.onClosed()
  }

  onDataFrame(bytes: number, isFirst: boolean, isLast: boolean): void {
    this.#messageBytes = isFirst ? bytes : this.#messageBytes + bytes
    if (bytes < TINY_BYTES && !isLast) this.#countGlitch()
  }

  onPayload(chunk: Buffer, start: number, end: number): void {
    if (!this.#isOver) this.owner.onPayload(chunk, start, end)
  }

  onMessageEnd(): void {
    if (this.#messageBytes < TINY_BYTES) this.#countGlitch()
    if (!this.#isOver) this.owner.onMessageEnd()
  }

  onControl(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.CLOSE) {
      this.#onClosed(payload)
      return
    }
    if (opcode === Opcode.PONG && this.#pingsDue > 0) {
      this.#pingsDue -= 1
      this.#limits.onPong()
      return
    }
    if (!this.#pings.take(this.lastReceivedAtMs)) throw flood('too many pings')
    if (opcode === Opcode.PONG) return
    if (this.#isBlocked) this.#pongDue = payload
    else if (!this.#isCloseSent) this.#write(controlFrame(Opcode.PONG, payload))
  }

  #onClosed(payload: Buffer): void {
    const { code, reason } = readClosePayload(payload)
    this.#reader.stop()
    if (this.#isCloseSent) this.#endCarrier()
    else this.#finish(code, '')
    this.#end({ code, cause: 'closed', reason: reason === '' ? 'the client closed the WebSocket' : reason })
  }

  #fail(thrown: unknown): void {
    const { code, message } = thrown instanceof WebSocketError ? thrown : internalError(thrown)
    this.#reader.stop()
    if (this.#isCloseSent) this.#destroy()
    else this.#finish(code, message)
    this.#end({ code, cause: 'failed', reason: message })
  }

  /** Sends the last frame, after which nothing that the peer sends matters. */
  #finish(code: number, reason: string): void {
    this.#reader.stop()
    this.#write(closeFrame(code, reason))
    this.#endCarrier()
  }

  /** What the peer still sends is read and dropped, so that it receives our close frame rather than a reset of TCP. */
  #endCarrier(): void {
    this.#isCarrierEnded = true
    this.#carrier.end()
    this.#awaitEnd()
  }

  #awaitEnd(): void {
    this.#isCloseSent = true
    this.#pongDue = null
    this.isPaused = false
    this.#carrier.resume()
    this.#closing.start()
  }

  #destroy(): void {
    this.#reader.stop()
    this.#isCloseSent = true
    this.#carrier.destroy()
  }

  #end(end: WebSocketEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.owner.onEnd(end)
  }

  #write(data: Uint8Array): void {
    if (!this.#carrier.write(data)) this.#isBlocked = true
  }
}

function internalError(thrown: unknown): WebSocketError {
  warnOfFault(thrown)
  return new WebSocketError(CloseCode.INTERNAL_ERROR, 'internal error')
}

function flood(message: string): WebSocketError {
  return new WebSocketError(CloseCode.POLICY_VIOLATION, message)
}
