/** The state of a stream that the parts of a session share. */
import type { Buffer } from 'node:buffer'
import type { BodyBuffer } from './body-buffer.ts'
import type { Http2Stream, StreamReset, StreamSink } from './contract.ts'
import type { RequestHead, ResponseHead } from './head.ts'
import type { HeaderSource } from './header-template.ts'
import type { HeaderField } from './hpack/header-field.ts'
import type { OctetRange } from './octets.ts'
import type { MemoryBudget } from './process-memory.ts'
import type { ShortPieces } from './short-pieces.ts'

/** The queue of the outbox that a stream is in. */
export const OutputPlace = Object.freeze({
  /** In none: it has nothing to send. */
  NONE: 0,
  /** In the queue of heads and whole replies. */
  URGENT: 1,
  /** In the round robin of bodies. */
  BULK: 2,
  /** In none: it has data but no send window. */
  BLOCKED: 3,
})

/**
 * All fields in one object of one shape, as busy sessions create more streams than anything else. The parts of a session work on these
 * fields; `Stream` adds the methods for the owner, which use the parts.
 */
export abstract class StreamState implements Http2Stream {
  id: number
  sink: StreamSink | null = null
  readonly openedAtMs: number
  deadlineAtMs = Number.POSITIVE_INFINITY
  addsDate = false

  /** The peer's head: the request at a server, the final response at a client. */
  request: RequestHead | null = null
  response: ResponseHead | null = null
  isPeerDone = false
  trailers: readonly HeaderField[] | null = null
  areTrailersCut = false
  body: BodyBuffer | null = null
  /** Octets that the owner waits for; 0 if it does not wait. */
  wanted = 0
  /** Whether the owner needs no more of the body. */
  isDiscarding = false
  /** Octets of the content-length that have not arrived; -1 without a content-length. */
  contentLeft = -1
  lastDataMs = 0
  /** When the stall watch first saw that the peer owes octets, or -1. */
  owedSinceMs = -1

  /** Receive window: its size, what is granted and unused, and what is consumed and not yet announced. */
  window: number
  granted: number
  owed = 0
  receivedBytes = 0
  consumedBytes = 0
  /** Those of the consumed octets for which neither memory nor credit was updated yet. */
  unaccountedBytes = 0
  creditedBytes = 0
  /** Credit that the connection's window is owed for the octets held here. */
  connectionDebt = 0
  lastUpdateMs = 0
  heldBytes = 0

  /** Server: whether the handler has started, and whether it has finished (`isReleased`). */
  isDispatched = false
  /** Whether the stream waits for a handler slot. */
  isWaiting = false
  isReleased = false
  /** Whether its slot stays occupied for a while, as the peer has wasted too many handlers. */
  isSlotCooling = false
  /** Whether the stream is in the list to visit after the chunk. */
  isTouched = false
  isHeadDue = false
  interimResponses = 0
  isUnsettled = false

  /** Send window: the difference from the peer's initial window. */
  sendCredit = 0
  sentBytes = 0
  interim: HeaderSource[] | null = null
  outHead: HeaderSource | null = null
  outTrailers: HeaderSource | null = null
  outData: Uint8Array | null = null
  /** Octets of `outData` that have been sent. */
  outOffset = 0
  outMore: Uint8Array[] | null = null
  /** Short pieces to send after `outMore`. Null without any. */
  outShort: ShortPieces | null = null
  outBytes = 0
  outPlace: number = OutputPlace.NONE
  deficit = 0
  /** Whether the owner has ended its side, and whether END_STREAM was sent (`isLocalDone`). */
  isOutputEnded = false
  isLocalDone = false
  isHeadGiven = false
  isWritableDue = false
  /** Stall watch: the time of the last progress, and the octets sent and queued then. */
  stallSinceMs = 0
  stallSentBytes = 0
  stallPendingBytes = 0

  /** Whether the stream has left the table: both sides are done, or it was reset. */
  isClosed = false
  isReset = false
  /** The reset that the sink must still be told; null for the owner's own. */
  resetCause: StreamReset | null = null
  /** Client: whether the request has the method HEAD. */
  isHeadRequest = false

  /** @param windowBytes the announced receive window */
  constructor(id: number, nowMs: number, windowBytes: number) {
    this.id = id
    this.openedAtMs = nowMs
    this.window = windowBytes
    this.granted = windowBytes
  }

  get readableBytes(): number {
    return this.body === null ? 0 : this.body.length
  }

  /** Whether the octets that the owner waits for are there, or the end. */
  get isReady(): boolean {
    return this.wanted > 0 && (this.isPeerDone || this.readableBytes >= this.wanted)
  }

  abstract get budget(): MemoryBudget
  abstract want(bytes: number): boolean
  abstract byteAt(offset: number): number
  abstract read(bytes: number): Buffer
  abstract peek(): OctetRange | null
  abstract skip(bytes: number): void
  abstract inform(fields: HeaderSource): void
  abstract respond(head: HeaderSource, endsStream?: boolean): void
  abstract mayWrite(): boolean
  abstract write(data: Uint8Array): boolean
  abstract writeRange(buffer: Uint8Array, start: number, end: number): boolean
  abstract end(data?: Uint8Array): void
  abstract sendTrailers(trailers: HeaderSource): void
  abstract reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void
  abstract reset(code: number): void
  abstract release(): void
}
