/** How streams come and go: their ids, their two halves, their resets. */

import { ClosedState, ClosedStreams } from './closed-streams.ts'
import type { StreamReset } from './contract.ts'
import { ErrorCode } from './errors.ts'
import { FRAME_HEADER_BYTES, MAX_31_BIT } from './frame.ts'
import type { FrameOutput } from './frame-output.ts'
import { writeRstStream } from './frame-writer.ts'
import type { LifecyclePart, SessionParts } from './session-parts.ts'
import type { Stream } from './stream.ts'

/** Octets of a RST_STREAM frame. */
const RST_STREAM_BYTES: number = FRAME_HEADER_BYTES + 4

/** Stream ids end at 2^31; a session in which they come near leaves in peace. */
const LAST_COMFORTABLE_ID = 2 ** 30

/** Every stream enters the table of the session here, and leaves it here. */
export class StreamLifecycle implements LifecyclePart {
  /** What is known of streams that are not open. */
  readonly closed = new ClosedStreams()
  /** The highest id that a client opened; at a client, its own. */
  lastId = 0
  /** A client's requests that have no id yet. */
  unsent = 0
  private readonly session: SessionParts

  constructor(session: SessionParts) {
    this.session = session
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
  add(stream: Stream): void {
    const { session } = this
    session.streams.add(stream)
    session.receiveFlow.open(stream)
    session.floods.openedStream()
    session.stats.streamsStarted++
    session.stats.lastStreamStartedAtMs = session.nowMs
    session.stallWatch.arm()
    if (stream.id > LAST_COMFORTABLE_ID) session.close()
  }

  /** A client's request is about to be written: it gets its id. */
  openRequest(stream: Stream): void {
    stream.id = this.lastId === 0 ? 1 : this.lastId + 2
    this.unsent--
    this.noteOpened(stream.id)
    this.add(stream)
  }

  /** The owner has said all that it will; a server's request body has no reader any more. */
  endOutput(stream: Stream): void {
    stream.isOutputEnded = true
    if (this.session.isServer) this.session.receiveFlow.discard(stream)
  }

  /** The peer's END_STREAM came. A client with a whole answer has no use for the rest of its own half. */
  peerDone(stream: Stream): void {
    stream.isPeerDone = true
    this.session.dispatcher.touch(stream)
    if (this.session.isServer) {
      if (stream.isLocalDone) this.close(stream, ClosedState.PEER_FINISHED)
      return
    }
    this.session.stats.streamsSucceeded++
    if (!stream.isLocalDone) this.sendReset(stream.id, ErrorCode.NO_ERROR)
    this.close(stream, ClosedState.PEER_FINISHED)
  }

  /** Our END_STREAM was written. A server that answered early says, behind its answer, that it wants no more. */
  localDone(stream: Stream, output: FrameOutput): void {
    if (this.session.isServer) this.session.stats.streamsSucceeded++
    if (stream.isPeerDone) {
      this.close(stream, ClosedState.PEER_FINISHED)
    } else if (this.session.isServer) {
      output.reserve(RST_STREAM_BYTES)
      output.at = writeRstStream(output.buffer, output.at, stream.id, ErrorCode.NO_ERROR)
      this.session.stats.resetsSent++
      this.close(stream, ClosedState.WE_RESET)
    }
  }

  /** The owner resets a stream and need not be told. */
  reset(stream: Stream, code: number): void {
    if (stream.id !== 0) this.sendReset(stream.id, code)
    this.abandon(stream, null)
  }

  /** We reset a stream for a fault of the peer, or for a stall. */
  fail(stream: Stream, code: number, reason: string): void {
    this.sendReset(stream.id, code)
    this.abandon(stream, { code, source: 'local', isUnprocessed: false, reason })
  }

  /** The peer reset a stream. */
  peerReset(stream: Stream, code: number): void {
    const isUnprocessed = code === ErrorCode.REFUSED_STREAM
    const cause: StreamReset = { code, source: 'peer', isUnprocessed, reason: 'reset by the peer' }
    this.abandon(stream, cause, ClosedState.PEER_FINISHED)
  }

  /** The streams above an id, and those without one, will not be looked at by the peer any more. */
  abandonAbove(lastId: number, cause: StreamReset): void {
    for (const stream of this.session.sender.unsentRequests()) this.abandon(stream, { ...cause, isUnprocessed: true })
    if (lastId === MAX_31_BIT) return
    for (const stream of this.session.streams.list()) if (stream.id > lastId) this.abandon(stream, cause)
  }

  /** RST_STREAM, ahead of what is queued. */
  sendReset(streamId: number, code: number): void {
    this.session.sender.control.reset(streamId, code)
    this.session.stats.resetsSent++
    this.session.sender.schedule()
  }

  /** Takes a stream out without a frame; `cause` is what its owner is told, if anything. */
  abandon(stream: Stream, cause: StreamReset | null, state: number = ClosedState.WE_RESET): void {
    const { session } = this
    stream.isReset = true
    stream.resetCause = cause
    if (stream.isDispatched && !stream.isReleased && session.isServer) session.dispatcher.abort()
    if (stream.id === 0) {
      this.unsent--
      stream.isClosed = true
      session.sender.drop(stream)
      session.streamClosed()
    } else {
      session.stats.streamsFailed++
      this.close(stream, stream.isPeerDone ? ClosedState.PEER_FINISHED : state)
    }
    if (cause !== null) session.dispatcher.notify(stream)
  }

  private close(stream: Stream, state: number): void {
    const { session } = this
    stream.isClosed = true
    session.streams.delete(stream)
    this.closed.close(stream.id, state)
    session.receiveFlow.close(stream, !session.isServer && !stream.isReset)
    session.sender.drop(stream)
    session.streamClosed()
  }
}
