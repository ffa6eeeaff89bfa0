/** Calls the owner, after a chunk was parsed: so a reset or fault in the same read prevents what it would have started. */

import type { StreamReset } from './contract.ts'
import { CoolingSlots } from './cooling-slots.ts'
import { ErrorCode } from './errors.ts'
import type { RequestHead } from './head.ts'
import type { Outbox } from './outbox.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import { StreamQueue } from './stream-queue.ts'
import type { StreamState } from './stream-state.ts'
import { runInSlices, type SlicedWork } from './turn-slices.ts'

/** Keeps the list of streams to look at, and the handlers that run. */
export class Dispatcher implements SlicedWork {
  /** Handlers that were started and not released, those whose stream is gone included. */
  running = 0
  /** Handlers among them whose stream is gone. */
  aborted = 0
  /** Since when every slot is taken by an aborted handler, or -1. */
  allAbortedSinceMs = -1
  private readonly state: SessionState
  private readonly outbox: Outbox
  private readonly receiveFlow: ReceiveFlow
  private readonly cooling: CoolingSlots
  private touched: StreamState[] = []
  private visiting: StreamState[] = []
  private unsettled: StreamState[] = []
  private readonly waiting = new StreamQueue()
  /** Streams whose owners are told in slices. */
  private readonly notified = new StreamQueue()
  private onAllTold: (() => void) | null = null
  private isDispatching = false

  constructor(state: SessionState, outbox: Outbox, receiveFlow: ReceiveFlow) {
    this.state = state
    this.outbox = outbox
    this.receiveFlow = receiveFlow
    this.cooling = new CoolingSlots(state.options.timers, (slots) => this.freeSlots(slots, slots))
  }

  /** Something happened to a stream. */
  touch(stream: StreamState): void {
    if (stream.isTouched) return
    stream.isTouched = true
    this.touched.push(stream)
  }

  /**
   * As `touch`, but unless a chunk is being parsed the owner is told at once. Where many streams end together, as with their
   * connection, their owners are told over several turns.
   */
  notify(stream: StreamState): void {
    if (this.state.isParsing || this.isDispatching) {
      this.touch(stream)
      return
    }
    this.notified.push(stream)
    if (this.notified.length === 1) runInSlices(this)
  }

  /** Calls back once the owners of all streams have been told, which may be at once. To be called once. */
  whenAllTold(callback: () => void): void {
    this.dispatch()
    if (this.notified.length === 0) callback()
    else this.onAllTold = callback
  }

  /** Tells the owner of one stream. */
  doPart(): boolean {
    if (this.notified.length > 0) {
      this.touch(this.notified.shift() as StreamState)
      this.dispatch()
    }
    if (this.notified.length > 0) return true
    this.onAllTold?.()
    this.onAllTold = null
    return false
  }

  /** Looks at all touched streams. */
  dispatch(): void {
    if (this.isDispatching) return
    this.isDispatching = true
    while (this.touched.length > 0) {
      const streams = this.touched
      this.touched = this.visiting
      this.visiting = streams
      for (const stream of streams) this.visit(stream)
      streams.length = 0
    }
    this.isDispatching = false
  }

  /** Streams to look at. */
  get touchedStreams(): number {
    return this.touched.length
  }

  /** Takes the streams behind the first `count` off the list, to be put back later. */
  holdBack(count: number): StreamState[] {
    return this.touched.splice(count)
  }

  putBack(streams: readonly StreamState[]): void {
    this.touched.push(...streams)
  }

  /** A server's handler is done. */
  release(stream: StreamState): void {
    if (!stream.isReset) this.freeSlots(1, 0)
    else if (stream.isSlotCooling) this.cooling.add()
    else this.freeSlots(1, 1)
  }

  /** The session is over. */
  stop(): void {
    this.cooling.stop()
  }

  /** The stream of a running handler was reset. */
  abort(): void {
    this.aborted++
    if (this.aborted >= this.state.options.maxConcurrentStreams) this.allAbortedSinceMs = this.state.nowMs
  }

  /** The turn is over: starts waiting handlers in free slots, and copies what streams still hold of chunks. */
  endTurn(): void {
    while (this.waiting.length > 0 && this.running < this.state.options.maxConcurrentStreams) {
      this.visit(this.waiting.shift() as StreamState)
    }
    if (this.unsettled.length === 0) return
    const streams = this.unsettled
    this.unsettled = []
    for (const stream of streams) {
      stream.isUnsettled = false
      stream.body?.settle()
      this.receiveFlow.updateHeld(stream)
    }
  }

  /** Tells owners that wait for room that there is some. */
  callWaiters(): void {
    for (const stream of this.outbox.takeWaiters()) {
      if (stream.isClosed) continue
      stream.isWritableDue = false
      if (this.outbox.hasRoom(stream)) this.callWritable(stream)
    }
  }

  private callWritable(stream: StreamState): void {
    try {
      stream.sink?.onWritable(stream)
    } catch (thrown) {
      this.ownerFailed(stream, thrown)
    }
  }

  private visit(stream: StreamState): void {
    stream.isTouched = false
    try {
      this.tell(stream)
    } catch (thrown) {
      this.ownerFailed(stream, thrown)
    }
    if (stream.body?.hasViews && !stream.isUnsettled) {
      stream.isUnsettled = true
      this.unsettled.push(stream)
      this.outbox.schedule()
    }
  }

  private tell(stream: StreamState): void {
    if (stream.isReset) {
      this.tellReset(stream)
      return
    }
    if (!stream.isDispatched && !this.start(stream)) return
    if (stream.isHeadDue && stream.response !== null) {
      stream.isHeadDue = false
      stream.sink?.onHead(stream, stream.response)
    }
    if (stream.isReady && !stream.isReset) {
      stream.wanted = 0
      stream.sink?.onReadable(stream)
    }
  }

  private freeSlots(slots: number, aborted: number): void {
    this.running -= slots
    this.aborted -= aborted
    if (aborted > 0) this.allAbortedSinceMs = -1
    if (this.waiting.length > 0) this.outbox.schedule()
  }

  private start(stream: StreamState): boolean {
    const limit = this.state.options.maxConcurrentStreams
    if (this.running >= limit) {
      if (!stream.isWaiting) this.waiting.push(stream)
      stream.isWaiting = true
      if (this.waiting.length > limit * 2) this.waiting.retain((other) => !other.isReset)
      return false
    }
    stream.isDispatched = true
    this.running++
    if (stream.request !== null) this.callHandler(stream, stream.request)
    return true
  }

  /** A handler that throws at once has not begun: nobody else gives its slot back. */
  private callHandler(stream: StreamState, request: RequestHead): void {
    try {
      this.state.serverHandler?.onRequest(stream, request)
    } catch (thrown) {
      this.ownerFailed(stream, thrown)
      stream.release()
    }
  }

  /** The owner of a stream cannot go on with it: it ends for both sides, and the owner is told so once, as of any reset. */
  private ownerFailed(stream: StreamState, thrown: unknown): void {
    this.state.report(thrown)
    if (stream.isReset) {
      stream.release()
      return
    }
    if (stream.isClosed) this.resetClosed(stream)
    else stream.reset(ErrorCode.INTERNAL_ERROR)
    stream.resetCause = OWNER_FAILED
    this.notify(stream)
  }

  private resetClosed(stream: StreamState): void {
    stream.isReset = true
    if (this.state.isServer && stream.isDispatched && !stream.isReleased) this.abort()
  }

  private tellReset(stream: StreamState): void {
    const reset = stream.resetCause
    if (reset === null || !stream.isDispatched) return
    stream.resetCause = null
    stream.sink?.onReset(stream, reset)
  }
}

const OWNER_FAILED: StreamReset = Object.freeze({
  code: ErrorCode.INTERNAL_ERROR,
  source: 'local',
  isUnprocessed: false,
  reason: 'internal error',
})
