/** An HTTP/2 connection in either role. Owns the socket, and passes what it reads to its parts. */
import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { AnswerGroups } from './answer-groups.ts'
import type { Http2Session, RequestOptions, StreamSink } from './contract.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { freeChunk } from './exclusive-octets.ts'
import type { Flushable } from './flush-scheduler.ts'
import { DEFAULT_MAX_FRAME_SIZE, FrameType } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { HeaderSource } from './header-template.ts'
import { HeaderWatch } from './header-watch.ts'
import { HpackError } from './hpack/hpack-error.ts'
import { Receiver } from './receiver.ts'
import { SessionParts } from './session-parts.ts'
import { type SessionOwner, SessionState } from './session-state.ts'
import type { SessionStats } from './session-stats.ts'
import type { PeerSettings } from './settings.ts'
import { StallWatch } from './stall-watch.ts'
import { Stream } from './stream.ts'

/** The owner receives the events of a chunk after the chunk was parsed. */
export class Session implements Http2Session, Flushable {
  readonly state: SessionState
  readonly parts: SessionParts
  private readonly reader: FrameReader
  private readonly receiver: Receiver
  private readonly headerWatch: HeaderWatch
  /** Null for a client. */
  private readonly stallWatch: StallWatch | null
  private readonly groups: AnswerGroups
  private isReadingPaused = false
  /** Whether nothing listened for octets when the session began. A listener that removes itself would not be seen later. */
  private isOnlyReader = false
  private socketError: Error | undefined
  private isStarted = false

  constructor(socket: Socket, owner: SessionOwner) {
    const state = new SessionState(this, socket, owner)
    const parts = new SessionParts(state)
    this.state = state
    this.parts = parts
    this.receiver = new Receiver(parts)
    this.reader = new FrameReader(this.receiver, DEFAULT_MAX_FRAME_SIZE, state.isServer)
    this.headerWatch = new HeaderWatch(state, parts.shutdown)
    this.stallWatch = state.isServer ? new StallWatch(state, parts) : null
    this.groups = new AnswerGroups(parts.dispatcher, parts.sender)
  }

  /** The owner is called from here on, and never from within the constructor, so that it knows its session by then. */
  start(): void {
    if (this.isStarted) throw new Error('the session has been started already')
    this.isStarted = true
    this.state.options.memory.join(this.parts.lifecycle)
    this.listen()
    this.parts.handshake.start()
  }

  get peer(): Readonly<PeerSettings> {
    return this.state.peer
  }

  get stats(): Readonly<SessionStats> {
    return this.state.stats
  }

  get openStreams(): number {
    return this.parts.lifecycle.openStreams
  }

  get canRequest(): boolean {
    const { isServer, isLeaving, peer } = this.state
    const isOpen = !isServer && this.parts.handshake.isPeerKnown && !isLeaving
    return isOpen && this.openStreams < peer.maxConcurrentStreams
  }

  get isClosing(): boolean {
    return this.state.isLeaving
  }

  get heldBytes(): number {
    return this.parts.receiveFlow.heldBytes
  }

  get sendWindow(): number {
    return this.parts.outbox.connectionWindow
  }

  get receiveWindow(): number {
    return this.parts.receiveFlow.granted
  }

  request(head: HeaderSource, sink: StreamSink, options: RequestOptions = {}): Stream {
    const { parts, state } = this
    if (!this.canRequest) throw new Error('this session cannot take a request now')
    parts.sender.heads.check(head)
    const stream = new Stream(parts, 0, state.options.timers.clock.now())
    stream.isHeadRequest = options.isHead === true
    stream.sink = sink
    stream.isDispatched = true
    parts.lifecycle.unsent++
    stream.respond(head, options.endsStream === true)
    return stream
  }

  ping(): boolean {
    const { handler } = this.state
    return this.parts.pings.send((roundTripMs) => handler.onPingAck?.(this, roundTripMs))
  }

  goaway(code: number, reason = ''): void {
    this.parts.shutdown.goaway(code, reason)
  }

  close(graceMs?: number, reason = ''): void {
    this.parts.shutdown.close(graceMs, reason)
  }

  destroy(code: number, reason = ''): void {
    this.parts.shutdown.fail(new ConnectionError(code, reason))
  }

  /** Called by the flush scheduler at the end of a turn: writes output, and tells waiting owners that there is room. */
  flush(): void {
    const { dispatcher, outbox, sender } = this.parts
    dispatcher.endTurn()
    outbox.isScheduled = false
    sender.flushNow()
    dispatcher.callWaiters()
    this.afterFlush()
  }

  private listen(): void {
    const { socket } = this.state
    const { shutdown, outbox } = this.parts
    socket.setNoDelay(true)
    socket.on('error', (error: Error) => {
      this.socketError ??= error
      // Node leaves a socket open whose peer has ended TLS with an alert, and the reason would be lost with its end.
      socket.destroy()
    })
    this.isOnlyReader = socket.listenerCount('data') === 0
    socket.on('data', (chunk: Buffer) => this.onChunk(chunk))
    socket.on('drain', () => {
      this.stallWatch?.drained()
      outbox.schedule()
    })
    socket.on('end', () => shutdown.onPeerEnd())
    socket.on('close', () => this.onSocketClose())
    // A socket does not repeat events that it has already emitted.
    if (socket.closed) setImmediate(() => this.onSocketClose())
    else if (socket.readableEnded) setImmediate(() => shutdown.onPeerEnd())
  }

  private onSocketClose(): void {
    this.parts.shutdown.onSocketClose(this.socketError ?? this.state.socket.errored ?? undefined)
  }

  private onChunk(chunk: Buffer): void {
    const { state } = this
    const { shutdown } = this.parts
    state.stats.bytesReceived += chunk.length
    if (shutdown.isDeaf) {
      shutdown.linger(chunk.length)
      return
    }
    state.nowMs = state.options.timers.clock.now()
    state.stats.lastReceivedAtMs = state.nowMs
    state.isParsing = true
    try {
      this.reader.read(chunk)
    } catch (error) {
      state.isParsing = false
      shutdown.fail(asConnectionError(error))
      return
    }
    state.isParsing = false
    const isInUse = this.receiver.endChunk()
    this.afterChunk()
    // A listener of the application's may keep the chunk.
    if (!isInUse && this.isOnlyReader && state.socket.listenerCount('data') === 1) freeChunk(chunk)
  }

  private afterChunk(): void {
    if (this.state.isServer) this.parts.dispatcher.dispatch()
    else this.groups.dispatch()
    this.state.callLater()
    this.watchHeaders()
    this.limitReading()
    this.limitMemory()
    this.watchStreams()
  }

  /** Called after a flush, which may have emptied the queue. */
  private afterFlush(): void {
    const { socket } = this.state
    const { outbox, shutdown } = this.parts
    if (this.isReadingPaused && outbox.control.replies === 0) {
      this.isReadingPaused = false
      socket.resume()
    }
    this.watchStreams()
    this.tellCapacity()
    shutdown.progress()
  }

  private watchHeaders(): void {
    if (this.parts.shutdown.isDeaf) return
    const isInBlock = this.receiver.isInHeaderBlock || this.reader.partialType === FrameType.HEADERS
    this.headerWatch.afterChunk(isInBlock, this.receiver.blocksRead)
  }

  /** Stops reading from a peer that does not read our replies to its control frames. */
  private limitReading(): void {
    const { options, socket } = this.state
    if (this.parts.outbox.control.replies <= options.maxControlQueue || this.isReadingPaused) return
    this.isReadingPaused = true
    socket.pause()
  }

  private limitMemory(): void {
    const { memory, processBufferBytes } = this.state.options
    if (memory.heldBytes > processBufferBytes) memory.relieve(processBufferBytes)
  }

  private watchStreams(): void {
    const { streams, socket } = this.state
    if (streams.size > 0 || socket.writableLength > 0) this.stallWatch?.arm()
    if (this.parts.lifecycle.isRunningOut) this.close()
  }

  private tellCapacity(): void {
    const { lifecycle } = this.parts
    if (!lifecycle.isCapacityDue) return
    lifecycle.isCapacityDue = false
    if (this.canRequest) this.state.guard(() => this.state.handler.onCapacity?.(this))
  }
}

function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  if (error instanceof HpackError) return new ConnectionError(ErrorCode.COMPRESSION_ERROR, error.message)
  return new ConnectionError(ErrorCode.INTERNAL_ERROR, 'internal error')
}
