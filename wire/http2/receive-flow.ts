/** Receive windows: what the peer may send, what it gets back and when, and what all that holds in memory. */
import { ConnectionError, ErrorCode } from './errors.ts'
import { DEFAULT_WINDOW } from './frame.ts'
import type { NormalizedHttp2Options } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { SessionState } from './session-state.ts'
import type { StreamState } from './stream-state.ts'

/** A client with more streams than this credits the connection on consumption: their windows exceed the buffer. */
const CREDIT_ON_RECEIPT_STREAMS = 256

/** Growth needs two updates within so many round trips. */
const GROWTH_ROUND_TRIPS = 2

/**
 * The connection gets its credit on receipt, so that a stream that nobody reads starves no other; a stream gets its on
 * consumption, or on receipt for the octets of a message that its owner waits for. Credit is sent when half a window is owed.
 *
 * Two sums always hold. Of the connection: granted + owed + the debts of its streams = window. Of a stream that may still
 * receive: granted + owed + what was received and not credited + what is to come of the DATA frame that is being read = window.
 */
export class ReceiveFlow {
  /** Memory pinned by what streams hold. */
  heldBytes = 0
  /** What the peer may still send on the connection. */
  granted: number
  /** From our SETTINGS to their acknowledgement; 0 until then, and no window grows. */
  roundTripMs = 0
  private readonly state: SessionState
  private readonly outbox: Outbox
  private readonly options: NormalizedHttp2Options
  /** What the peer could send if nothing were on its way or held. */
  window: number
  /** Credit that is due and has not been sent. */
  owed = 0
  private lastUpdateMs = 0
  private sumOfStreamWindows = 0
  /** A stream was refused credit as the session holds too much. */
  private isCreditDeferred = false

  constructor(state: SessionState, outbox: Outbox) {
    this.state = state
    this.outbox = outbox
    this.options = state.options
    this.window = this.options.connectionWindowBytes
    this.granted = this.window
  }

  /** What the first WINDOW_UPDATE of the connection adds to the protocol's own window. */
  get initialIncrement(): number {
    return this.window - DEFAULT_WINDOW
  }

  /** A stream's window counts from now on. */
  open(stream: StreamState): void {
    this.sumOfStreamWindows += stream.window
  }

  /** A stream is gone: its window is free, and so is what it held, unless the owner may still read it. */
  close(stream: StreamState, isReadable: boolean): void {
    this.sumOfStreamWindows -= stream.window
    stream.window = 0
    if (isReadable) this.handOver(stream)
    else this.discard(stream)
  }

  /** Frees what a stream holds; nobody will read it. */
  discard(stream: StreamState): void {
    stream.isDiscarding = true
    this.payDebt(stream, stream.connectionDebt)
    if (stream.body === null) return
    stream.body.clear()
    this.updateHeld(stream)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /**
   * What a whole answer left to be read is bounded, and its owner's from now on: it is not counted here any more. Most owners read
   * it within the turn: who does not has it copied at its end, as ever.
   */
  private handOver(stream: StreamState): void {
    this.heldBytes -= stream.heldBytes
    this.options.memory.heldBytes -= stream.heldBytes
    stream.heldBytes = 0
    this.payDebt(stream, stream.connectionDebt)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /** A DATA frame came, of this length with padding, for an open stream or for none. */
  receive(stream: StreamState | null, length: number): void {
    this.granted -= length
    if (this.granted < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'connection window exceeded')
    if (stream === null) {
      this.creditConnection(length)
      return
    }
    stream.granted -= length
    if (stream.granted < 0) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'stream window exceeded')
    if (stream.isDiscarding || !this.creditsOnConsumption) this.creditConnection(length)
    else stream.connectionDebt += length
  }

  /** Padding, which nobody has to consume. */
  skip(stream: StreamState, padding: number): void {
    this.payDebt(stream, padding)
    stream.owed += padding
  }

  /** The owner took octets out. */
  consume(stream: StreamState, bytes: number): void {
    stream.consumedBytes += bytes
    this.updateHeld(stream)
    this.credit(stream)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /**
   * Gives the credit that is due for what is consumed and for the message in assembly: to the stream, and to the connection
   * where that was not credited on receipt. Messages in assembly would else use up the connection's window, and none of them
   * could be completed.
   */
  credit(stream: StreamState): void {
    const isAssembling = stream.wanted > stream.readableBytes
    const target = isAssembling && this.mayAssemble(stream) ? stream.receivedBytes : stream.consumedBytes
    const bytes = target - stream.creditedBytes
    if (bytes > 0) {
      stream.creditedBytes = target
      stream.owed += bytes
      this.payDebt(stream, bytes)
    }
    if (stream.isPeerDone || stream.isClosed || stream.isDiscarding) return
    if (stream.owed > 0 && stream.owed * 2 >= stream.window) this.updateStream(stream)
  }

  /** Counts anew what a stream pins. */
  updateHeld(stream: StreamState): void {
    if (stream.isClosed && stream.heldBytes === 0) return
    const held = stream.body === null ? 0 : stream.body.capacityBytes
    const change = held - stream.heldBytes
    if (change === 0) return
    stream.heldBytes = held
    this.heldBytes += change
    this.options.memory.heldBytes += change
  }

  /** Half of what the process may hold is held. */
  get isUnderPressure(): boolean {
    return this.options.memory.heldBytes * 2 > this.options.processBufferBytes
  }

  private get creditsOnConsumption(): boolean {
    return this.state.streams.size > CREDIT_ON_RECEIPT_STREAMS || this.isUnderPressure
  }

  /** Above the session's buffer only the oldest message in assembly goes on, so that one at least gets through. */
  private mayAssemble(stream: StreamState): boolean {
    if (this.heldBytes <= this.options.sessionBufferBytes) return true
    for (const other of this.state.streams.list()) {
      if (other.id < stream.id && other.readableBytes > 0 && other.wanted > other.readableBytes) {
        this.isCreditDeferred = true
        return false
      }
    }
    return true
  }

  private retryDeferred(): void {
    this.isCreditDeferred = false
    for (const stream of this.state.streams.list()) {
      if (stream.receivedBytes > stream.creditedBytes) this.credit(stream)
    }
  }

  private updateStream(stream: StreamState): void {
    const growth = this.streamGrowth(stream)
    stream.window += growth
    this.sumOfStreamWindows += growth
    stream.granted += stream.owed + growth
    this.queueUpdate(stream.id, stream.owed + growth)
    stream.owed = 0
    stream.lastUpdateMs = this.state.nowMs
  }

  private streamGrowth(stream: StreamState): number {
    const isDrained = stream.creditedBytes === stream.receivedBytes
    if (!isDrained || !this.isFast(stream.lastUpdateMs)) return 0
    const rest = this.options.sessionBufferBytes - this.sumOfStreamWindows
    return Math.max(0, Math.min(stream.window, this.options.maxStreamWindowBytes - stream.window, rest))
  }

  private payDebt(stream: StreamState, bytes: number): void {
    const debt = Math.min(bytes, stream.connectionDebt)
    if (debt === 0) return
    stream.connectionDebt -= debt
    this.creditConnection(debt)
  }

  private creditConnection(bytes: number): void {
    this.owed += bytes
    if (this.owed * 2 < this.window || this.owed === 0) return
    const mayGrow = this.heldBytes < this.window && this.isFast(this.lastUpdateMs)
    const growth = mayGrow ? Math.min(this.window, this.options.maxConnectionWindowBytes - this.window) : 0
    this.window += growth
    this.granted += this.owed + growth
    this.queueUpdate(0, this.owed + growth)
    this.owed = 0
    this.lastUpdateMs = this.state.nowMs
  }

  private queueUpdate(streamId: number, increment: number): void {
    this.outbox.control.windowUpdate(streamId, increment)
    this.outbox.schedule()
  }

  private isFast(lastUpdateMs: number): boolean {
    if (lastUpdateMs === 0 || this.roundTripMs === 0 || this.isUnderPressure) return false
    return this.state.nowMs - lastUpdateMs <= GROWTH_ROUND_TRIPS * this.roundTripMs
  }
}
