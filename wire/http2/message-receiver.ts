/** Receives requests and responses: heads, bodies and trailers, and the checks for malformed messages of RFC 9113. */
import type { Buffer } from 'node:buffer'
import { BodyBuffer } from './body-buffer.ts'
import { ClosedState } from './closed-streams.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { FrameFlag } from './frame.ts'
import { digestResponse, digestTrailers, type RequestHead, type ResponseHead } from './head.ts'
import { HeadKinds } from './head-kinds.ts'
import type { HeaderBlock } from './hpack/header-block.ts'
import type { SessionParts } from './session-parts.ts'
import type { SessionState } from './session-state.ts'
import { Stream } from './stream.ts'
import type { StreamState } from './stream-state.ts'

/** Maximum of interim responses, which a client drops. */
const MAX_INTERIM_RESPONSES = 8

/** Table size updates that an honest block may start with (RFC 7541, section 4.2). */
const MAX_TABLE_SIZE_UPDATES = 2

/** Routes header blocks and DATA to streams. Resets streams with malformed messages, and throws connection errors. */
export class MessageReceiver {
  private readonly state: SessionState
  private readonly parts: SessionParts
  private readonly kinds: HeadKinds
  /** The stream of the current DATA frame; null if the frame is dropped. */
  private dataStream: StreamState | null = null
  private dataLength = 0
  private dataEndsStream = false
  /** Whether a body has views of the current chunk. */
  isChunkInUse = false

  constructor(parts: SessionParts) {
    this.state = parts.state
    this.parts = parts
    this.kinds = new HeadKinds(parts.state.options.allowsConnectProtocol)
  }

  /** Handles a complete, decoded header block. */
  onBlock(streamId: number, endsStream: boolean, block: HeaderBlock): void {
    const { state } = this
    if (block.exceeds || block.tableSizeUpdates > MAX_TABLE_SIZE_UPDATES) state.floods.countGlitch(state.nowMs)
    const stream = state.streams.get(streamId)
    if (stream === undefined) {
      if (state.isServer && this.parts.lifecycle.isNew(streamId)) this.openStream(streamId, endsStream, block)
      else this.onClosed(streamId, endsStream)
    } else if (stream.isPeerDone) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'HEADERS after END_STREAM')
    } else if (!state.isServer && stream.response === null) {
      this.onResponse(stream, endsStream, block)
    } else {
      this.onTrailers(stream, endsStream, block)
    }
  }

  /** Starts a DATA frame. */
  startData(flags: number, streamId: number, length: number): void {
    const stream = this.state.streams.get(streamId)
    this.dataLength = length
    this.dataEndsStream = (flags & FrameFlag.END_STREAM) !== 0
    this.dataStream = stream ?? null
    if (stream === undefined) {
      this.onClosed(streamId, this.dataEndsStream)
      this.parts.receiveFlow.receive(null, length)
      return
    }
    if (stream.isPeerDone) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'DATA after END_STREAM')
    this.parts.receiveFlow.receive(stream, length)
    if (!this.state.isServer && stream.response === null) this.malformed(stream, 'DATA before the head')
  }

  /** Takes a piece of the current DATA frame. */
  takeData(buffer: Buffer, start: number, end: number): void {
    const stream = this.dataStream
    if (stream === null || stream.isClosed) return
    if (stream.contentLeft >= 0) {
      stream.contentLeft -= end - start
      if (stream.contentLeft < 0) {
        this.malformed(stream, 'body above its content-length')
        return
      }
    }
    stream.receivedBytes += end - start
    if (stream.isDiscarding) return
    stream.lastDataMs = this.state.nowMs
    stream.body ??= new BodyBuffer()
    stream.body.push(buffer, start, end, stream.wanted)
    if (stream.body.hasViews) this.isChunkInUse = true
    this.parts.receiveFlow.updateHeld(stream)
    this.parts.dispatcher.touch(stream)
  }

  /** Ends the current DATA frame. */
  endData(dataLength: number): void {
    const stream = this.dataStream
    this.dataStream = null
    if (stream === null || stream.isClosed) return
    if (dataLength === 0 && !this.dataEndsStream) this.state.floods.countGlitch(this.state.nowMs)
    if (this.dataLength > dataLength) this.parts.receiveFlow.skip(stream, this.dataLength - dataLength)
    if (this.dataEndsStream) this.endMessage(stream)
    else this.parts.receiveFlow.credit(stream)
  }

  private openStream(streamId: number, endsStream: boolean, block: HeaderBlock): void {
    const { state } = this
    const { lifecycle, dispatcher, shutdown, handshake } = this.parts
    lifecycle.noteOpened(streamId)
    if (shutdown.isBeyondLast(streamId)) {
      lifecycle.closed.close(streamId, endsStream ? ClosedState.PEER_FINISHED : ClosedState.WE_RESET)
      return
    }
    if (state.streams.size >= state.options.maxConcurrentStreams) {
      this.refuse(streamId, endsStream, ErrorCode.REFUSED_STREAM)
      if (handshake.isAcknowledged) state.floods.countRefusal(state.nowMs)
      return
    }
    block.digest ??= this.kinds.digest(block)
    const head = block.digest as RequestHead | string
    if (typeof head === 'string' || (endsStream && head.contentLength > 0)) {
      this.refuse(streamId, endsStream, ErrorCode.PROTOCOL_ERROR)
      state.floods.countMalformed(state.nowMs)
      return
    }
    const stream = new Stream(this.parts, streamId, state.nowMs)
    stream.request = head
    stream.contentLeft = head.contentLength
    lifecycle.add(stream)
    dispatcher.touch(stream)
    if (endsStream) this.endMessage(stream)
  }

  /** Resets a request for which no stream is created. */
  private refuse(streamId: number, endsStream: boolean, code: number): void {
    this.parts.lifecycle.closed.close(streamId, endsStream ? ClosedState.PEER_FINISHED : ClosedState.WE_RESET)
    this.parts.lifecycle.sendReset(streamId, code)
  }

  private onResponse(stream: StreamState, endsStream: boolean, block: HeaderBlock): void {
    block.digest ??= digestResponse(block)
    const head = block.digest as ResponseHead | string
    if (typeof head === 'string') {
      this.malformed(stream, head)
    } else if (head.status >= 100 && head.status < 200) {
      const isTooMany = ++stream.interimResponses > MAX_INTERIM_RESPONSES
      if (endsStream || isTooMany) this.malformed(stream, endsStream ? 'interim response at the end' : 'too many 1xx')
    } else {
      const isBodiless = stream.isHeadRequest || head.status === 204 || head.status === 304
      stream.contentLeft = isBodiless ? -1 : head.contentLength
      stream.response = head
      this.state.stats.answersBegun++
      stream.isHeadDue = true
      this.parts.dispatcher.touch(stream)
      if (endsStream) this.endMessage(stream)
    }
  }

  private onTrailers(stream: StreamState, endsStream: boolean, block: HeaderBlock): void {
    const trailers = endsStream ? digestTrailers(block) : 'trailers without END_STREAM'
    if (typeof trailers === 'string') {
      this.malformed(stream, trailers)
      return
    }
    stream.trailers = trailers
    stream.areTrailersCut = block.exceeds
    this.endMessage(stream)
  }

  private endMessage(stream: StreamState): void {
    if (stream.contentLeft > 0) this.malformed(stream, 'body below its content-length')
    else this.parts.lifecycle.peerDone(stream)
  }

  private malformed(stream: StreamState, reason: string): void {
    this.parts.lifecycle.fail(stream, ErrorCode.PROTOCOL_ERROR, reason)
    this.state.floods.countMalformed(this.state.nowMs)
  }

  /** Handles HEADERS or DATA on a stream that is not open. */
  private onClosed(streamId: number, endsStream: boolean): void {
    const state = this.parts.lifecycle.closedState(streamId)
    if (state === ClosedState.NEVER_OPENED) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'stream is idle')
    if (state === ClosedState.PEER_FINISHED) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'stream is closed')
    if (state === ClosedState.FORGOTTEN) this.state.floods.countGlitch(this.state.nowMs)
    else if (endsStream) this.parts.lifecycle.closed.close(streamId, ClosedState.PEER_FINISHED)
  }
}
