/**
 * How the parts of a session see it and each other. They call each other in circles, a stream that ends frees its window, its
 * output and its handler; so each knows the others by what stands here alone, and only the session knows their classes. What
 * the methods do is said there.
 */
import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { ClosedStreams } from './closed-streams.ts'
import type { Goaway, Http2Session, ServerSessionHandler, SessionHandler, StreamReset } from './contract.ts'
import type { ControlQueue } from './control-queue.ts'
import type { ConnectionError } from './errors.ts'
import type { FloodGuard } from './flood-guard.ts'
import type { Flushable } from './flush-scheduler.ts'
import type { FrameOutput } from './frame-output.ts'
import type { HpackDecoder } from './hpack/hpack-decoder.ts'
import type { NormalizedHttp2Options } from './options.ts'
import type { SessionStats } from './session-stats.ts'
import type { PeerSettings } from './settings.ts'
import type { Stream, StreamCredit, StreamEnds, StreamOutput, StreamSlots } from './stream.ts'
import type { StreamTable } from './stream-table.ts'

/** A session as its parts see it. */
export interface SessionParts extends Http2Session, Flushable {
  readonly options: NormalizedHttp2Options
  readonly isServer: boolean
  readonly socket: Socket
  readonly handler: SessionHandler
  /** The same at a server, null at a client. */
  readonly serverHandler: ServerSessionHandler | null
  readonly peer: PeerSettings
  readonly stats: SessionStats
  readonly streams: StreamTable
  readonly decoder: HpackDecoder
  readonly floods: FloodGuard
  readonly lifecycle: LifecyclePart
  readonly receiveFlow: ReceiveFlowPart
  readonly sender: SenderPart
  readonly dispatcher: DispatcherPart
  readonly pings: PingsPart
  readonly stallWatch: StallWatchPart
  readonly shutdown: ShutdownPart
  readonly handshake: HandshakePart
  /** The time as of the last chunk or timer. */
  nowMs: number
  /** A chunk is being read: owners are told later. */
  readonly isParsing: boolean
  /** The most that a stream's send window was ever above the peer's initial window. */
  largestSendCredit: number
  /** After a flush, in which the queue may have become empty. */
  afterFlush(): void
  /** Calls the owner once the chunk is parsed. */
  later(call: () => void): void
  /** Calls the owner, whose faults are its own. */
  guard(call: () => void): void
  /** A callback for a stream threw. */
  ownerFailed(stream: Stream, error: unknown): void
  /** A frame with a message was written. */
  framesSent(isData: boolean): void
  /** The peer's GOAWAY came. */
  peerLeaves(goaway: Goaway): void
  /** A stream is gone. */
  streamClosed(): void
  /** Nothing more is to happen by time, and nothing is held. */
  stop(): void
}

/** Of `StreamLifecycle`. */
export interface LifecyclePart extends StreamEnds {
  readonly closed: ClosedStreams
  readonly lastId: number
  isNew(streamId: number): boolean
  noteOpened(streamId: number): void
  closedState(streamId: number): number
  add(stream: Stream): void
  openRequest(stream: Stream): void
  peerDone(stream: Stream): void
  localDone(stream: Stream, output: FrameOutput): void
  fail(stream: Stream, code: number, reason: string): void
  peerReset(stream: Stream, code: number): void
  abandonAbove(lastId: number, cause: StreamReset): void
  sendReset(streamId: number, code: number): void
  abandon(stream: Stream, cause: StreamReset | null): void
}

/** Of `ReceiveFlow`. */
export interface ReceiveFlowPart extends StreamCredit {
  readonly initialIncrement: number
  readonly isUnderPressure: boolean
  roundTripMs: number
  open(stream: Stream): void
  close(stream: Stream, isReadable: boolean): void
  discard(stream: Stream): void
  receive(stream: Stream | null, length: number): void
  skip(stream: Stream, padding: number): void
  updateHeld(stream: Stream): void
}

/** Of `Sender`. */
export interface SenderPart extends StreamOutput {
  readonly control: ControlQueue
  readonly isIdle: boolean
  connectionWindow: number
  windowOf(stream: Stream): number
  unblock(stream: Stream): void
  drop(stream: Stream): void
  unsentRequests(): Stream[]
  schedule(): void
  flushNow(): void
}

/** Of `Dispatcher`. */
export interface DispatcherPart extends StreamSlots {
  readonly running: number
  readonly allAbortedSinceMs: number
  touch(stream: Stream): void
  notify(stream: Stream): void
  dispatch(): void
  dispatchChunk(): void
  abort(): void
  callWritable(stream: Stream): void
}

/** Of `Pings`. */
export interface PingsPart {
  send(onAck: (roundTripMs: number) => void): boolean
  acknowledge(buffer: Buffer, start: number): boolean
}

/** Of `StallWatch`. */
export interface StallWatchPart {
  arm(): void
}

/** Of `Shutdown`. */
export interface ShutdownPart {
  isBeyondLast(streamId: number): boolean
  fail(error: ConnectionError): void
}

/** Of `Handshake`. */
export interface HandshakePart {
  readonly isPeerKnown: boolean
  readonly isAcknowledged: boolean
  settingsReceived(): void
  acknowledged(): void
}
