/** What the parts of a session note down about one of its streams. */
import type { Buffer } from 'node:buffer'
import type { BodyBuffer } from './body-buffer.ts'
import type { Http2Stream, StreamReset, StreamSink } from './contract.ts'
import type { RequestHead, ResponseHead } from './head.ts'
import type { HeaderSource } from './header-template.ts'
import type { HeaderField } from './hpack/header-field.ts'
import type { MemoryBudget } from './process-memory.ts'
import type { ShortPieces } from './short-pieces.ts'

/** Where a stream stands in the output. */
export const OutputPlace = Object.freeze({
  /** It has nothing to send. */
  NONE: 0,
  /** Among the heads and whole replies. */
  URGENT: 1,
  /** In the round robin of bodies. */
  BULK: 2,
  /** It has data and no window. */
  BLOCKED: 3,
})

/**
 * All fields are set here, in one shape: streams are what a busy session makes most of. The parts of a session work on these
 * fields; what the owner calls is in `Stream`, which knows the parts.
 */
export abstract class StreamState implements Http2Stream {
  id: number
  sink: StreamSink | null = null
  readonly openedAtMs: number
  deadlineAtMs = Number.POSITIVE_INFINITY
  addsDate = false

  /** The peer's head: of the request at a server, of the final response at a client. */
  request: RequestHead | null = null
  response: ResponseHead | null = null
  isPeerDone = false
  trailers: readonly HeaderField[] | null = null
  areTrailersCut = false
  body: BodyBuffer | null = null
  /** How many octets the owner waits for; 0 while it does not. */
  wanted = 0
  /** The owner is past caring about the body. */
  isDiscarding = false
  /** Octets of body announced by content-length and not yet come, or -1. */
  contentLeft = -1
  lastDataMs = 0
  /** Since when the stall watch has seen that the peer owes octets, or -1. */
  owedSinceMs = -1

  /** Receive window: its size, what is granted and unused, what is consumed and not announced. */
  window: number
  granted: number
  owed = 0
  receivedBytes = 0
  consumedBytes = 0
  creditedBytes = 0
  /** What the connection's window is still owed for the octets held here. */
  connectionDebt = 0
  lastUpdateMs = 0
  heldBytes = 0

  /** The server's handler has been started; it has finished. */
  isDispatched = false
  /** It waits for a slot to be dispatched in. */
  isWaiting = false
  isReleased = false
  /** Its slot is not to be used again at once: the peer has wasted too many handlers. */
  isSlotCooling = false
  /** Already in the list of streams to look at after the chunk. */
  isTouched = false
  isHeadDue = false
  interimResponses = 0
  isUnsettled = false

  /** Send window: what the peer's initial window is to be raised by. */
  sendCredit = 0
  sentBytes = 0
  interim: HeaderSource[] | null = null
  outHead: HeaderSource | null = null
  outTrailers: HeaderSource | null = null
  outData: Uint8Array | null = null
  /** What of `outData` has been sent. */
  outOffset = 0
  outMore: Uint8Array[] | null = null
  /** Behind those; null where there are none. */
  outShort: ShortPieces | null = null
  outBytes = 0
  outPlace: number = OutputPlace.NONE
  deficit = 0
  /** The owner has said all; END_STREAM has gone out. */
  isOutputEnded = false
  isLocalDone = false
  isHeadGiven = false
  isWritableDue = false
  /** Stall watch: since when, and what had been sent and was queued then. */
  stallSinceMs = 0
  stallSentBytes = 0
  stallPendingBytes = 0

  /** Out of the table: both sides done, or reset. */
  isClosed = false
  isReset = false
  /** What the sink is still to be told of the reset; null when it was the owner's own. */
  resetCause: StreamReset | null = null
  /** A client asks with the method HEAD. */
  isHeadRequest = false

  /** @param windowBytes the receive window that was announced for it */
  constructor(id: number, nowMs: number, windowBytes: number) {
    this.id = id
    this.openedAtMs = nowMs
    this.window = windowBytes
    this.granted = windowBytes
  }

  get readableBytes(): number {
    return this.body === null ? 0 : this.body.length
  }

  /** What the owner wants is there. */
  get isReady(): boolean {
    return this.wanted > 0 && (this.isPeerDone || this.readableBytes >= this.wanted)
  }

  abstract get budget(): MemoryBudget
  abstract want(bytes: number): boolean
  abstract byteAt(offset: number): number
  abstract read(bytes: number): Buffer
  abstract inform(fields: HeaderSource): void
  abstract respond(head: HeaderSource, endsStream?: boolean): void
  abstract mayWrite(): boolean
  abstract write(data: Uint8Array): boolean
  abstract writeCopy(prefix: Uint8Array, data: Uint8Array): boolean
  abstract end(data?: Uint8Array): void
  abstract sendTrailers(trailers: HeaderSource): void
  abstract reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void
  abstract reset(code: number): void
  abstract release(): void
}
