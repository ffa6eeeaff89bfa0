/** Calls the owner after a chunk was parsed, so that a reset or fault in the same read prevents the start of a handler. */

import type { StreamReset } from './contract.ts'
import { CoolingSlots } from './early-resets.ts'
import { ErrorCode } from './errors.ts'
import type { RequestHead } from './head.ts'
import type { Outbox } from './outbox.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import { StreamQueue } from './stream-queue.ts'
import type { StreamState } from './stream-state.ts'
import { runInSlices, type SlicedWork } from './turn-slices.ts'

/** Keeps the list of streams to visit, and counts running handlers. */
export class Dispatcher implements SlicedWork {
  /** Handlers that were started and not released, including those whose stream was reset. */
  running = 0
  /** Those of them whose stream was reset. */
  aborted = 0
  /** Since when aborted handlers occupy every slot, or -1. */
  allAbortedSinceMs = -1
  private readonly state: SessionState
  private readonly outbox: Outbox
  private readonly receiveFlow: ReceiveFlow
  private readonly cooling: CoolingSlots
  private touched: StreamState[] = []
  private visiting: StreamState[] = []
  private unsettled: StreamState[] = []
  private readonly waiting = new StreamQueue()
  /** Streams whose owners are called in slices. */
  private readonly notified = new StreamQueue()
  private onAllNotified: (() => void) | null = null
  private isDispatching = false

  constructor(state: SessionState, outbox: Outbox, receiveFlow: ReceiveFlow) {
    this.state = state
    this.outbox = outbox
    this.receiveFlow = receiveFlow
    this.cooling = new CoolingSlots(state.options.timers, (slots) => this.freeSlots(slots, slots))
  }

  /** Adds a stream to the list to visit. */
  touch(stream: StreamState): void {
    if (stream.isTouched) return
    stream.isTouched = true
    this.touched.push(stream)
  }

  /**
   * As `touch`, but calls the owner immediately unless a chunk is being parsed. If many streams end together, as with their connection, the
   * calls are spread over several turns.
   */
  notify(stream: StreamState): void {
    if (this.state.isParsing || this.isDispatching) {
      this.touch(stream)
      return
    }
    this.notified.push(stream)
    if (this.notified.length === 1) runInSlices(this)
  }

  /** Calls back when the owners of all streams have been called, possibly immediately. Must be called once only. */
  whenAllNotified(callback: () => void): void {
    this.dispatch()
    if (this.notified.length === 0) callback()
    else this.onAllNotified = callback
  }

  /** Calls the owner of one stream. */
  doPart(): boolean {
    if (this.notified.length > 0) {
      this.touch(this.notified.shift() as StreamState)
      this.dispatch()
    }
    if (this.notified.length > 0) return true
    this.onAllNotified?.()
    this.onAllNotified = null
    return false
  }

  /** Visits all streams in the list. */
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

  /** Number of streams in the list. */
  get touchedStreams(): number {
    return this.touched.length
  }

  /** Removes all but the first `count` streams from the list, for `putBack`. */
  holdBack(count: number): StreamState[] {
    return this.touched.splice(count)
  }

  putBack(streams: readonly StreamState[]): void {
    this.touched.push(...streams)
  }

  /** Frees the slot of a handler. */
  release(stream: StreamState): void {
    if (!stream.isReset) this.freeSlots(1, 0)
    else if (stream.isSlotCooling) this.cooling.add()
    else this.freeSlots(1, 1)
  }

  /** Stops when the session ends. */
  stop(): void {
    this.cooling.stop()
  }

  /** Counts a running handler whose stream was reset. */
  abort(): void {
    this.aborted++
    if (this.aborted >= this.state.options.maxConcurrentStreams) this.allAbortedSinceMs = this.state.nowMs
  }

  /** Called at the end of the turn: starts waiting handlers in free slots, and copies what streams still hold of chunks. */
  endTurn(): void {
    while (this.waiting.length > 0 && this.running < this.state.options.maxConcurrentStreams) {
      this.visit(this.waiting.shift() as StreamState)
    }
    if (this.unsettled.length === 0) return
    const streams = this.unsettled
    this.unsettled = []
    for (const stream of streams) {
      stream.isUnsettled = false
      stream.body?.settle(stream.wanted)
      this.receiveFlow.updateHeld(stream)
    }
  }

  /** Calls owners that wait for room, if there is some. */
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
      this.deliver(stream)
    } catch (thrown) {
      this.ownerFailed(stream, thrown)
    }
    const { body } = stream
    if (body?.hasViews && stream.wanted > body.length) {
      // An incomplete message is copied in any case, and that is cheapest while its chunk is in the cache.
      body.settle(stream.wanted)
      this.receiveFlow.updateHeld(stream)
    }
    if (body?.hasViews && !stream.isUnsettled) {
      stream.isUnsettled = true
      this.unsettled.push(stream)
      this.outbox.schedule()
    }
  }

  private deliver(stream: StreamState): void {
    if (stream.isReset) {
      this.deliverReset(stream)
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

  /** A handler that throws immediately never calls `release`, so its slot is freed here. */
  private callHandler(stream: StreamState, request: RequestHead): void {
    try {
      this.state.serverHandler?.onRequest(stream, request)
    } catch (thrown) {
      this.ownerFailed(stream, thrown)
      stream.release()
    }
  }

  /** Resets a stream whose owner has thrown. The owner receives one `onReset`, as for any reset. */
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

  private deliverReset(stream: StreamState): void {
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
