/** How streams come and go: their ids, their two halves, their resets. */

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

/** Stream ids end at 2^31; a session in which they come near leaves in peace. */
const LAST_COMFORTABLE_ID = 2 ** 30

/** What the end of a stream concerns. */
export interface LifecycleParts {
  readonly outbox: Outbox
  readonly receiveFlow: ReceiveFlow
  readonly dispatcher: Dispatcher
}

/** Every stream enters the table of the session here, and leaves it here. */
export class StreamLifecycle implements MemoryHolder {
  /** What is known of streams that are not open. */
  readonly closed = new ClosedStreams()
  /** The highest id that a client opened; at a client, its own. */
  lastId = 0
  /** A client's requests that have no id yet. */
  unsent = 0
  /** A client that had no room has some now, of which its owner is to be told. */
  isCapacityDue = false
  private readonly state: SessionState
  private readonly parts: LifecycleParts

  constructor(state: SessionState, parts: LifecycleParts) {
    this.state = state
    this.parts = parts
  }

  /** Streams that are open, those of a client that have no id yet included. */
  get openStreams(): number {
    return this.state.streams.size + this.unsent
  }

  /** There are few ids left. */
  get isRunningOut(): boolean {
    return this.lastId > LAST_COMFORTABLE_ID
  }

  /** A client may use this id for a new stream. */
  isNew(streamId: number): boolean {
    return streamId > this.lastId && streamId % 2 === 1
  }

  /** The next higher id is in use from now on. */
  noteOpened(streamId: number): void {
    this.lastId = streamId
    this.closed.open(streamId)
  }

  /** What became of a stream that is not open. Nobody pushes, so even ids are never opened. */
  closedState(streamId: number): number {
    if (streamId % 2 === 0 || streamId > this.lastId) return ClosedState.NEVER_OPENED
    return this.closed.stateOf(streamId)
  }

  /** A stream is open. */
  add(stream: StreamState): void {
    const { state } = this
    state.streams.add(stream)
    this.parts.receiveFlow.open(stream)
    state.floods.openedStream()
    state.stats.streamsStarted++
    state.stats.lastStreamStartedAtMs = state.nowMs
  }

  /** A client's request is about to be written: it gets its id. */
  openRequest(stream: StreamState): void {
    stream.id = this.lastId === 0 ? 1 : this.lastId + 2
    this.unsent--
    this.noteOpened(stream.id)
    this.add(stream)
  }

  /** The owner has said all that it will; a server's request body has no reader any more. */
  endOutput(stream: StreamState): void {
    stream.isOutputEnded = true
    if (this.state.isServer) this.parts.receiveFlow.discard(stream)
  }

  /** The peer's END_STREAM came. A client with a whole answer has no use for the rest of its own half. */
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

  /** Our END_STREAM was written. A server that answered early says, behind its answer, that it wants no more. */
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

  /** The owner resets a stream and need not be told. */
  reset(stream: StreamState, code: number): void {
    if (stream.id !== 0) this.sendReset(stream.id, code)
    this.abandon(stream, null)
  }

  /** We reset a stream for a fault of the peer, or for a stall. */
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

  /** The streams above an id, and those without one, will not be looked at by the peer any more. */
  abandonAbove(lastId: number, cause: StreamReset): void {
    for (const stream of this.parts.outbox.unsentRequests()) this.abandon(stream, { ...cause, isUnprocessed: true })
    if (lastId === MAX_31_BIT) return
    for (const stream of this.state.streams.list()) if (stream.id > lastId) this.abandon(stream, cause)
  }

  /** RST_STREAM, ahead of what is queued. */
  sendReset(streamId: number, code: number): void {
    this.parts.outbox.control.reset(streamId, code)
    this.state.stats.resetsSent++
    this.parts.outbox.schedule()
  }

  /** Takes a stream out without a frame; `cause` is what its owner is told, if anything. */
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

  /** Whether the session may end now, or take another request, is looked at behind the next flush. */
  private noteClosed(): void {
    const { isServer, isLeaving, peer } = this.state
    if (!isServer && this.openStreams + 1 >= peer.maxConcurrentStreams) this.isCapacityDue = true
    if (this.isCapacityDue || isLeaving) this.parts.outbox.schedule()
  }
}

/** What a stream holds in both directions. */
function pinnedBytes(stream: StreamState): number {
  return stream.heldBytes + stream.outBytes
}
