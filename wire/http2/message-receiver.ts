/** Requests and responses as they come in: heads, bodies, trailers, and what RFC 9113 calls malformed about them. */
import type { Buffer } from 'node:buffer'
import { BodyBuffer } from './body-buffer.ts'
import { ClosedState } from './closed-streams.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { FrameFlag } from './frame.ts'
import { digestRequest, digestResponse, digestTrailers, type RequestHead, type ResponseHead } from './head.ts'
import type { HeaderBlock } from './hpack/header-block.ts'
import type { SessionParts } from './session-parts.ts'
import { Stream } from './stream.ts'

/** Interim responses that a client drops before it takes a server for hostile. */
const MAX_INTERIM_RESPONSES = 8

/** Table size updates that a block may honestly begin with (RFC 7541, section 4.2). */
const MAX_TABLE_SIZE_UPDATES = 2

/** Routes header blocks and DATA to streams; a fault of a message resets its stream, one of the connection is thrown. */
export class MessageReceiver {
  private readonly session: SessionParts
  /** The DATA frame that is being read: its stream, null if it is dropped. */
  private dataStream: Stream | null = null
  private dataLength = 0
  private dataEndsStream = false

  constructor(session: SessionParts) {
    this.session = session
  }

  /** A header block is complete and decoded. */
  onBlock(streamId: number, endsStream: boolean, block: HeaderBlock): void {
    const session = this.session
    if (block.exceeds || block.tableSizeUpdates > MAX_TABLE_SIZE_UPDATES) session.floods.countGlitch(session.nowMs)
    const stream = session.streams.get(streamId)
    if (stream === undefined) {
      if (session.isServer && session.lifecycle.isNew(streamId)) this.openStream(streamId, endsStream, block)
      else this.onClosed(streamId, endsStream)
    } else if (stream.isPeerDone) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'HEADERS after END_STREAM')
    } else if (!session.isServer && stream.response === null) {
      this.onResponse(stream, endsStream, block)
    } else {
      this.onTrailers(stream, endsStream, block)
    }
  }

  /** A DATA frame begins. */
  startData(flags: number, streamId: number, length: number): void {
    const stream = this.session.streams.get(streamId)
    this.dataLength = length
    this.dataEndsStream = (flags & FrameFlag.END_STREAM) !== 0
    this.dataStream = stream ?? null
    if (stream === undefined) {
      this.onClosed(streamId, this.dataEndsStream)
      this.session.receiveFlow.receive(null, length)
      return
    }
    if (stream.isPeerDone) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'DATA after END_STREAM')
    this.session.receiveFlow.receive(stream, length)
    if (!this.session.isServer && stream.response === null) this.malformed(stream, 'DATA before the head')
  }

  /** A piece of the DATA frame's data. */
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
    stream.lastDataMs = this.session.nowMs
    stream.body ??= new BodyBuffer()
    stream.body.push(buffer, start, end)
    this.session.receiveFlow.updateHeld(stream)
    this.session.dispatcher.touch(stream)
  }

  /** The DATA frame is complete. */
  endData(dataLength: number): void {
    const stream = this.dataStream
    this.dataStream = null
    if (stream === null || stream.isClosed) return
    if (dataLength === 0 && !this.dataEndsStream) this.session.floods.countGlitch(this.session.nowMs)
    if (this.dataEndsStream) {
      this.endMessage(stream)
      return
    }
    if (this.dataLength > dataLength) this.session.receiveFlow.skip(stream, this.dataLength - dataLength)
    this.session.receiveFlow.credit(stream)
  }

  private openStream(streamId: number, endsStream: boolean, block: HeaderBlock): void {
    const session = this.session
    session.lifecycle.noteOpened(streamId)
    if (session.shutdown.isBeyondLast(streamId)) {
      session.lifecycle.closed.close(streamId, endsStream ? ClosedState.PEER_FINISHED : ClosedState.WE_RESET)
      return
    }
    if (session.streams.size >= session.options.maxConcurrentStreams) {
      this.refuse(streamId, endsStream, ErrorCode.REFUSED_STREAM)
      if (session.handshake.isAcknowledged) session.floods.countRefusal(session.nowMs)
      return
    }
    block.digest ??= digestRequest(block)
    const head = block.digest as RequestHead | string
    if (typeof head === 'string' || (endsStream && head.contentLength > 0)) {
      this.refuse(streamId, endsStream, ErrorCode.PROTOCOL_ERROR)
      session.floods.countMalformed(session.nowMs)
      return
    }
    const stream = new Stream(session, streamId, session.nowMs, false)
    stream.request = head
    stream.contentLeft = head.contentLength
    session.lifecycle.add(stream)
    session.dispatcher.touch(stream)
    if (endsStream) this.endMessage(stream)
  }

  /** Answers a request that no stream is made for. */
  private refuse(streamId: number, endsStream: boolean, code: number): void {
    this.session.lifecycle.closed.close(streamId, endsStream ? ClosedState.PEER_FINISHED : ClosedState.WE_RESET)
    this.session.lifecycle.sendReset(streamId, code)
  }

  private onResponse(stream: Stream, endsStream: boolean, block: HeaderBlock): void {
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
      this.session.stats.answersBegun++
      stream.isHeadDue = true
      this.session.dispatcher.touch(stream)
      if (endsStream) this.endMessage(stream)
    }
  }

  private onTrailers(stream: Stream, endsStream: boolean, block: HeaderBlock): void {
    const trailers = endsStream ? digestTrailers(block) : 'trailers without END_STREAM'
    if (typeof trailers === 'string') {
      this.malformed(stream, trailers)
      return
    }
    stream.trailers = trailers
    stream.areTrailersCut = block.exceeds
    this.endMessage(stream)
  }

  private endMessage(stream: Stream): void {
    if (stream.contentLeft > 0) this.malformed(stream, 'body below its content-length')
    else this.session.lifecycle.peerDone(stream)
  }

  private malformed(stream: Stream, reason: string): void {
    this.session.lifecycle.fail(stream, ErrorCode.PROTOCOL_ERROR, reason)
    this.session.floods.countMalformed(this.session.nowMs)
  }

  /** HEADERS or DATA on a stream that is not open. */
  private onClosed(streamId: number, endsStream: boolean): void {
    const state = this.session.lifecycle.closedState(streamId)
    if (state === ClosedState.NEVER_OPENED) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'stream is idle')
    if (state === ClosedState.PEER_FINISHED) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'stream is closed')
    if (state === ClosedState.FORGOTTEN) this.session.floods.countGlitch(this.session.nowMs)
    else if (endsStream) this.session.lifecycle.closed.close(streamId, ClosedState.PEER_FINISHED)
  }
}
