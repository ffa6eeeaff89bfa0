/** One HTTP/2 connection, in either role: it owns the socket and joins the parts that do the work. */
import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Goaway, RequestOptions, ServerSessionHandler, SessionHandler, StreamSink } from './contract.ts'
import { Dispatcher } from './dispatcher.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { FloodGuard } from './flood-guard.ts'
import { DEFAULT_MAX_FRAME_SIZE, FrameType } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { Handshake } from './handshake.ts'
import type { HeaderSource } from './header-template.ts'
import { HeaderWatch } from './header-watch.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { HpackError } from './hpack/hpack-error.ts'
import type { NormalizedHttp2Options } from './options.ts'
import { Pings } from './pings.ts'
import { ReceiveFlow } from './receive-flow.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import type { SessionParts } from './session-parts.ts'
import { SessionStats } from './session-stats.ts'
import { initialPeerSettings, type PeerSettings } from './settings.ts'
import { Shutdown } from './shutdown.ts'
import { StallWatch } from './stall-watch.ts'
import { Stream } from './stream.ts'
import { StreamLifecycle } from './stream-lifecycle.ts'
import { StreamTable } from './stream-table.ts'

/** HPACK table that the peer's encoder may use; the protocol's default, so it is not announced. */
const DECODER_TABLE_BYTES = 4_096

/** What happens in a chunk is told to the owner after the chunk; sessions and streams know each other by these parts. */
export class Session implements SessionParts {
  readonly options: NormalizedHttp2Options
  readonly isServer: boolean
  readonly socket: Socket
  readonly handler: SessionHandler
  readonly serverHandler: ServerSessionHandler | null
  readonly peer: PeerSettings = initialPeerSettings()
  readonly stats = new SessionStats()
  readonly streams = new StreamTable()
  readonly decoder: HpackDecoder
  readonly floods: FloodGuard
  readonly lifecycle: StreamLifecycle
  readonly receiveFlow: ReceiveFlow
  readonly sender: Sender
  readonly dispatcher: Dispatcher
  readonly pings: Pings
  readonly stallWatch: StallWatch
  readonly shutdown: Shutdown
  readonly handshake: Handshake
  /** The time as of the last chunk or timer. */
  nowMs: number
  /** A chunk is being read: owners are told later. */
  isParsing = false
  /** The most that a stream's send window was ever above the peer's initial window. */
  largestSendCredit = 0
  private readonly reader: FrameReader
  private readonly receiver: Receiver
  private readonly headerWatch: HeaderWatch
  private postponed: (() => void)[] = []
  private isCapacityDue = false
  private isReadingPaused = false
  private socketError: Error | undefined
  private isStarted = false

  constructor(socket: Socket, options: NormalizedHttp2Options, handler: SessionHandler | ServerSessionHandler) {
    this.options = options
    this.isServer = options.role === 'server'
    this.socket = socket
    this.handler = handler
    this.serverHandler = this.isServer ? (handler as ServerSessionHandler) : null
    this.nowMs = options.timers.clock.now()
    this.stats.lastReceivedAtMs = this.nowMs
    this.decoder = new HpackDecoder({
      maxTableSize: DECODER_TABLE_BYTES,
      maxHeaderListSize: options.maxHeaderListBytes,
      maxFields: options.maxHeaderFields,
      ...(options.routes === undefined ? {} : { routes: options.routes }),
    })
    this.floods = new FloodGuard(options.floods, this.nowMs)
    this.lifecycle = new StreamLifecycle(this)
    this.receiveFlow = new ReceiveFlow(this)
    this.sender = new Sender(this, socket, !('encrypted' in socket))
    this.dispatcher = new Dispatcher(this)
    this.pings = new Pings(this)
    this.stallWatch = new StallWatch(this)
    this.shutdown = new Shutdown(this)
    this.receiver = new Receiver(this)
    this.reader = new FrameReader(this.receiver, DEFAULT_MAX_FRAME_SIZE, this.isServer)
    this.handshake = new Handshake(this)
    this.headerWatch = new HeaderWatch(this)
  }

  /** The owner is called from here on, and never from within the constructor: by then it knows its session. */
  start(): void {
    if (this.isStarted) throw new Error('the session has been started already')
    this.isStarted = true
    this.options.memory.join(this.receiveFlow)
    this.listen()
    this.handshake.start()
  }

  get openStreams(): number {
    return this.streams.size + this.lifecycle.unsent
  }

  get canRequest(): boolean {
    const isOpen = !this.isServer && this.handshake.isPeerKnown && !this.shutdown.isLeaving
    return isOpen && this.openStreams < this.peer.maxConcurrentStreams
  }

  get isClosing(): boolean {
    return this.shutdown.isLeaving
  }

  get heldBytes(): number {
    return this.receiveFlow.heldBytes
  }

  get sendWindow(): number {
    return this.sender.connectionWindow
  }

  get receiveWindow(): number {
    return this.receiveFlow.granted
  }

  request(head: HeaderSource, sink: StreamSink, options: RequestOptions = {}): Stream {
    if (!this.canRequest) throw new Error('this session takes no request now')
    this.sender.heads.check(head)
    const stream = new Stream(this, 0, this.options.timers.clock.now(), options.isHead === true)
    stream.sink = sink
    stream.isDispatched = true
    this.lifecycle.unsent++
    stream.respond(head, options.endsStream === true)
    return stream
  }

  ping(): boolean {
    return this.pings.send((roundTripMs) => this.handler.onPingAck?.(this, roundTripMs))
  }

  goaway(code: number, reason = ''): void {
    this.shutdown.goaway(code, reason)
  }

  close(graceMs?: number): void {
    this.shutdown.close(graceMs)
  }

  destroy(code: number, reason = ''): void {
    this.shutdown.fail(new ConnectionError(code, reason))
  }

  /** Called by the flush scheduler at the end of a turn. */
  flush(): void {
    this.dispatcher.endTurn()
    this.sender.flush()
  }

  /** After a flush, in which the queue may have become empty. */
  afterFlush(): void {
    if (this.socket.writableLength > 0) this.stallWatch.arm()
    if (this.isReadingPaused && this.sender.control.replies === 0) {
      this.isReadingPaused = false
      this.socket.resume()
    }
    if (this.isCapacityDue) this.tellCapacity()
    this.shutdown.progress()
  }

  /** Calls the owner once the chunk is parsed. */
  later(call: () => void): void {
    this.postponed.push(call)
  }

  /** Calls the owner, whose faults are its own. */
  guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.handler.onFault?.(this, error)
    }
  }

  /** A callback for a stream threw. */
  ownerFailed(stream: Stream, error: unknown): void {
    stream.reset(ErrorCode.INTERNAL_ERROR)
    this.guard(() => this.handler.onFault?.(this, error))
  }

  /** A frame with a message was written. */
  framesSent(isData: boolean): void {
    this.stats.framesSent++
    if (isData) this.floods.sentData()
    else this.floods.sentHeaders()
  }

  /** The peer's GOAWAY came. */
  peerLeaves(goaway: Goaway): void {
    if (!this.isServer) {
      this.shutdown.onServerLeaves(goaway)
      const reason = `the peer is leaving: ${goaway.reason}`
      const cause = { code: goaway.code, source: 'connection', isUnprocessed: true, reason } as const
      this.lifecycle.abandonAbove(goaway.lastStreamId, cause)
    }
    this.later(() => {
      // All streams are told before the session's owner is.
      this.dispatcher.dispatch()
      this.handler.onGoaway?.(this, goaway)
    })
    this.sender.schedule()
  }

  /** A stream is gone. */
  streamClosed(): void {
    if (!this.isServer && this.openStreams + 1 >= this.peer.maxConcurrentStreams) this.isCapacityDue = true
    if (this.isCapacityDue || this.shutdown.isLeaving) this.sender.schedule()
  }

  /** Nothing more is to happen by time, and nothing is held. */
  stop(): void {
    this.handshake.stop()
    this.headerWatch.stop()
    this.stallWatch.stop()
    this.dispatcher.stop()
    this.options.memory.leave(this.receiveFlow)
  }

  private listen(): void {
    const { socket } = this
    socket.setNoDelay(true)
    socket.on('error', (error: Error) => {
      this.socketError ??= error
    })
    socket.on('data', (chunk: Buffer) => this.onChunk(chunk))
    socket.on('drain', () => {
      this.stallWatch.drained()
      this.sender.schedule()
    })
    socket.on('end', () => this.shutdown.onPeerEnd())
    socket.on('close', () => this.onSocketClose())
    // What a socket has emitted before is not emitted again.
    if (socket.closed) setImmediate(() => this.onSocketClose())
    else if (socket.readableEnded) setImmediate(() => this.shutdown.onPeerEnd())
  }

  private onSocketClose(): void {
    this.shutdown.onSocketClose(this.socketError ?? this.socket.errored ?? undefined)
  }

  private onChunk(chunk: Buffer): void {
    this.stats.bytesReceived += chunk.length
    if (this.shutdown.isDeaf) {
      this.shutdown.linger(chunk.length)
      return
    }
    this.nowMs = this.options.timers.clock.now()
    this.stats.lastReceivedAtMs = this.nowMs
    this.isParsing = true
    try {
      this.reader.read(chunk)
    } catch (error) {
      this.isParsing = false
      this.shutdown.fail(asConnectionError(error))
      return
    }
    this.isParsing = false
    this.dispatcher.dispatchChunk()
    if (this.postponed.length > 0) this.callLater()
    this.watchHeaders()
    this.limitReading()
    this.limitMemory()
  }

  private callLater(): void {
    const calls = this.postponed
    this.postponed = []
    for (const call of calls) this.guard(call)
  }

  private watchHeaders(): void {
    if (this.shutdown.isDeaf) return
    const isInBlock = this.receiver.isInHeaderBlock || this.reader.partialType === FrameType.HEADERS
    this.headerWatch.afterChunk(isInBlock, this.receiver.blocksRead)
  }

  /** A peer that has us answer and does not read the answers is not read either. */
  private limitReading(): void {
    if (this.sender.control.replies <= this.options.maxControlQueue || this.isReadingPaused) return
    this.isReadingPaused = true
    this.socket.pause()
  }

  private limitMemory(): void {
    const { memory, processBufferBytes } = this.options
    if (memory.heldBytes > processBufferBytes) memory.relieve(processBufferBytes)
  }

  private tellCapacity(): void {
    this.isCapacityDue = false
    if (this.canRequest) this.guard(() => this.handler.onCapacity?.(this))
  }
}

function asConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  if (error instanceof HpackError) return new ConnectionError(ErrorCode.COMPRESSION_ERROR, error.message)
  return new ConnectionError(ErrorCode.INTERNAL_ERROR, 'internal error')
}
