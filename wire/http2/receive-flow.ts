/** Receive windows: what the peer may send, when it gets credit back, and the memory of received octets. */
import { ConnectionError, ErrorCode } from './errors.ts'
import { DEFAULT_WINDOW } from './frame.ts'
import type { NormalizedHttp2Options } from './options.ts'
import type { Outbox } from './outbox.ts'
import type { SessionState } from './session-state.ts'
import type { StreamState } from './stream-state.ts'

/** With more streams than this, the connection is credited on consumption, as their windows exceed the buffer. */
const CREDIT_ON_RECEIPT_STREAMS = 256

/** A window grows when two updates follow each other within this many round trips. */
const GROWTH_ROUND_TRIPS = 2

/**
 * The connection is credited on receipt, so that an unread stream does not starve the others. A stream is credited on consumption, or on
 * receipt for the octets of a message that its owner waits for. Credit is sent when half a window is owed.
 *
 * Two invariants: for the connection, granted + owed + the debts of its streams = window; for a stream that may still receive, granted +
 * owed + octets received and not credited + the rest of the current DATA frame = window.
 */
export class ReceiveFlow {
  /** Memory that the streams hold. */
  heldBytes = 0
  /** Octets that the peer may still send on the connection. */
  granted: number
  /** The time from our SETTINGS to their acknowledgement; 0 until then, and no window grows. */
  roundTripMs = 0
  private readonly state: SessionState
  private readonly outbox: Outbox
  private readonly options: NormalizedHttp2Options
  /** The full window of the connection. */
  window: number
  /** Credit that is owed and was not sent yet. */
  owed = 0
  private lastUpdateMs = 0
  private sumOfStreamWindows = 0
  /** Whether a stream was refused credit because the session holds too much. */
  private isCreditDeferred = false

  constructor(state: SessionState, outbox: Outbox) {
    this.state = state
    this.outbox = outbox
    this.options = state.options
    this.window = this.options.connectionWindowBytes
    this.granted = this.window
  }

  /** The increment of the first WINDOW_UPDATE, from the protocol's initial window. */
  get initialIncrement(): number {
    return this.window - DEFAULT_WINDOW
  }

  /** Counts the window of a new stream. */
  open(stream: StreamState): void {
    this.sumOfStreamWindows += stream.window
  }

  /** Frees the window of a closed stream, and its octets unless the owner may still read them. */
  close(stream: StreamState, isReadable: boolean): void {
    this.sumOfStreamWindows -= stream.window
    stream.window = 0
    if (isReadable) this.handOver(stream)
    else this.discard(stream)
  }

  /** Frees the octets of a stream, which nothing will read. */
  discard(stream: StreamState): void {
    stream.isDiscarding = true
    this.payDebt(stream, stream.connectionDebt)
    if (stream.body === null) return
    stream.body.clear()
    this.updateHeld(stream)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /**
   * Stops counting the unread rest of a whole response, which is bounded and belongs to the owner from now on. Most owners read it within
   * the turn; otherwise it is copied at the end of the turn, as usual.
   */
  private handOver(stream: StreamState): void {
    this.heldBytes -= stream.heldBytes
    this.options.memory.heldBytes -= stream.heldBytes
    stream.heldBytes = 0
    this.payDebt(stream, stream.connectionDebt)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /** Accounts for a DATA frame of this length, including padding. `stream` is null if it is not open. */
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

  /** Credits padding, which nothing consumes. */
  skip(stream: StreamState, padding: number): void {
    this.payDebt(stream, padding)
    stream.owed += padding
  }

  /** Credits octets that the owner has consumed. */
  consume(stream: StreamState, bytes: number): void {
    stream.consumedBytes += bytes
    this.updateHeld(stream)
    this.credit(stream)
    if (this.isCreditDeferred) this.retryDeferred()
  }

  /**
   * Gives credit for consumed octets and for the message being assembled: to the stream, and to the connection if it was not credited on
   * receipt. Otherwise messages being assembled could use up the connection's window, and none could be completed.
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

  /** Updates the memory that a stream holds. */
  updateHeld(stream: StreamState): void {
    if (stream.isClosed && stream.heldBytes === 0) return
    const held = stream.body === null ? 0 : stream.body.capacityBytes
    const change = held - stream.heldBytes
    if (change === 0) return
    stream.heldBytes = held
    this.heldBytes += change
    this.options.memory.heldBytes += change
  }

  /** Whether more than half of the process budget is held. */
  get isUnderPressure(): boolean {
    return this.options.memory.heldBytes * 2 > this.options.processBufferBytes
  }

  private get creditsOnConsumption(): boolean {
    return this.state.streams.size > CREDIT_ON_RECEIPT_STREAMS || this.isUnderPressure
  }

  /** Above the session's limit, only the oldest message being assembled goes on, so that at least one completes. */
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
