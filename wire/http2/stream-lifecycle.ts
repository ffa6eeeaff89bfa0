/** How streams open and close: their ids, their two halves, and their resets. */

import { ClosedState, ClosedStreams } from './closed-streams.ts'
import type { StreamReset } from './contract.ts'
import type { Dispatcher } from './dispatcher.ts'
import { ErrorCode } from './errors.ts'
import { FRAME_HEADER_BYTES, MAX_31_BIT } from './frame.ts'
import type { FrameOutput } from './frame-output.ts'
import { writeRstStream } from './frame-writer.ts'
import type { Outbox } from './outbox.ts'
import type { MemoryHolder } from './process-memory.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import type { StreamState } from './stream-state.ts'

/** Octets of a RST_STREAM frame. */
const RST_STREAM_BYTES: number = FRAME_HEADER_BYTES + 4

/** Stream ids end at 2^31. A session that passes this one closes gracefully. */
const LAST_REGULAR_ID = 2 ** 30

/** The parts of a session that the lifecycle uses. */
export interface LifecycleParts {
  readonly outbox: Outbox
  readonly receiveFlow: ReceiveFlow
  readonly dispatcher: Dispatcher
}

/** Adds streams to the table of the session, and removes them. */
export class StreamLifecycle implements MemoryHolder {
  /** How streams ended that are not open. */
  readonly closed = new ClosedStreams()
  /** The highest id that the client has opened. */
  lastId = 0
  /** Client: requests that have no id yet. */
  unsent = 0
  /** Client: whether the owner must be told that there is room for a request again. */
  isCapacityDue = false
  private readonly state: SessionState
  private readonly parts: LifecycleParts

  constructor(state: SessionState, parts: LifecycleParts) {
    this.state = state
    this.parts = parts
  }

  /** Number of open streams, including requests of a client that have no id yet. */
  get openStreams(): number {
    return this.state.streams.size + this.unsent
  }

  /** Whether few ids are left. */
  get isRunningOut(): boolean {
    return this.lastId > LAST_REGULAR_ID
  }

  /** Whether a client may use this id for a new stream. */
  isNew(streamId: number): boolean {
    return streamId > this.lastId && streamId % 2 === 1
  }

  /** Records the id of a new stream. */
  noteOpened(streamId: number): void {
    this.lastId = streamId
    this.closed.open(streamId)
  }

  /** Returns how a stream ended that is not open. Even ids are never opened, as we do not use server push. */
  closedState(streamId: number): number {
    if (streamId % 2 === 0 || streamId > this.lastId) return ClosedState.NEVER_OPENED
    return this.closed.stateOf(streamId)
  }

  /** Adds an open stream. */
  add(stream: StreamState): void {
    const { state } = this
    state.streams.add(stream)
    this.parts.receiveFlow.open(stream)
    state.floods.openedStream()
    state.stats.streamsStarted++
    state.stats.lastStreamStartedAtMs = state.nowMs
  }

  /** Client: assigns an id to a request that is about to be written. */
  openRequest(stream: StreamState): void {
    stream.id = this.lastId === 0 ? 1 : this.lastId + 2
    this.unsent--
    this.noteOpened(stream.id)
    this.add(stream)
  }

  /** The owner ends its side. Nothing reads the rest of a server's request body. */
  endOutput(stream: StreamState): void {
    stream.isOutputEnded = true
    if (this.state.isServer) this.parts.receiveFlow.discard(stream)
  }

  /** The peer's END_STREAM has arrived. A client with a whole response ends its own side as well. */
  peerDone(stream: StreamState): void {
    stream.isPeerDone = true
    this.parts.dispatcher.touch(stream)
    if (this.state.isServer) {
      if (stream.isLocalDone) this.close(stream, ClosedState.PEER_FINISHED)
      return
    }
    this.state.stats.streamsSucceeded++
    if (!stream.isLocalDone) this.sendReset(stream.id, ErrorCode.NO_ERROR)
    this.close(stream, ClosedState.PEER_FINISHED)
  }

  /** Our END_STREAM was written. A server that responded early then tells the client to stop sending. */
  localDone(stream: StreamState, output: FrameOutput): void {
    if (this.state.isServer) this.state.stats.streamsSucceeded++
    if (stream.isPeerDone) {
      this.close(stream, ClosedState.PEER_FINISHED)
    } else if (this.state.isServer) {
      output.reserve(RST_STREAM_BYTES)
      output.at = writeRstStream(output.buffer, output.at, stream.id, ErrorCode.NO_ERROR)
      this.state.stats.resetsSent++
      this.close(stream, ClosedState.WE_RESET)
    }
  }

  /** The owner resets a stream. */
  reset(stream: StreamState, code: number): void {
    if (stream.id !== 0) this.sendReset(stream.id, code)
    this.abandon(stream, null)
  }

  /** The session resets a stream, for a fault of the peer or a stall. */
  fail(stream: StreamState, code: number, reason: string): void {
    if (stream.id !== 0) this.sendReset(stream.id, code)
    this.abandon(stream, { code, source: 'local', isUnprocessed: false, reason })
  }

  /** The peer reset a stream. */
  peerReset(stream: StreamState, code: number): void {
    const isUnprocessed = code === ErrorCode.REFUSED_STREAM
    const cause: StreamReset = { code, source: 'peer', isUnprocessed, reason: 'reset by the peer' }
    this.abandon(stream, cause, ClosedState.PEER_FINISHED)
  }

  /** Abandons the streams above an id, and those without one, which the peer will not process. */
  abandonAbove(lastId: number, cause: StreamReset): void {
    for (const stream of this.parts.outbox.unsentRequests()) this.abandon(stream, { ...cause, isUnprocessed: true })
    if (lastId === MAX_31_BIT) return
    for (const stream of this.state.streams.list()) if (stream.id > lastId) this.abandon(stream, cause)
  }

  /** Sends a RST_STREAM, ahead of queued output. */
  sendReset(streamId: number, code: number): void {
    this.parts.outbox.control.reset(streamId, code)
    this.state.stats.resetsSent++
    this.parts.outbox.schedule()
  }

  /** Removes a stream without sending a frame. The owner receives `cause`, unless it is null. */
  abandon(stream: StreamState, cause: StreamReset | null, closedState: number = ClosedState.WE_RESET): void {
    const { dispatcher, outbox } = this.parts
    stream.isReset = true
    stream.resetCause = cause
    if (stream.isDispatched && !stream.isReleased && this.state.isServer) dispatcher.abort()
    if (stream.id === 0) {
      this.unsent--
      stream.isClosed = true
      outbox.drop(stream)
      this.noteClosed()
    } else {
      this.state.stats.streamsFailed++
      this.close(stream, stream.isPeerDone ? ClosedState.PEER_FINISHED : closedState)
    }
    if (cause !== null) dispatcher.notify(stream)
  }

  largestStalledBytes(): number {
    const stream = this.largestHolder()
    return stream === undefined ? 0 : pinnedBytes(stream)
  }

  resetLargestStalled(): void {
    const stream = this.largestHolder()
    if (stream !== undefined) this.fail(stream, ErrorCode.ENHANCE_YOUR_CALM, 'out of memory for messages')
  }

  private largestHolder(): StreamState | undefined {
    let largest: StreamState | undefined
    let most = 0
    for (const stream of this.state.streams.list()) {
      if (pinnedBytes(stream) <= most) continue
      largest = stream
      most = pinnedBytes(stream)
    }
    return largest
  }

  private close(stream: StreamState, closedState: number): void {
    const { state, parts } = this
    stream.isClosed = true
    state.streams.delete(stream)
    if (state.streams.size === 0 && state.isServer) state.stats.idleSinceMs = state.options.timers.clock.now()
    this.closed.close(stream.id, closedState)
    parts.receiveFlow.close(stream, !state.isServer && !stream.isReset)
    parts.outbox.drop(stream)
    this.noteClosed()
  }

  /** Schedules a flush, after which the session checks whether it can end, or take another request. */
  private noteClosed(): void {
    const { isServer, isLeaving, peer } = this.state
    if (!isServer && this.openStreams + 1 >= peer.maxConcurrentStreams) this.isCapacityDue = true
    if (this.isCapacityDue || isLeaving) this.parts.outbox.schedule()
  }
}

/** Returns the memory that a stream holds in both directions. */
function pinnedBytes(stream: StreamState): number {
  return stream.heldBytes + stream.outBytes
}
