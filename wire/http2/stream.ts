/** One stream of a session: what its owner calls, and what the parts of the session note down about it. */
import { Buffer } from 'node:buffer'
import type { BodyBuffer } from './body-buffer.ts'
import type { Http2Stream, StreamReset, StreamSink } from './contract.ts'
import type { RequestHead, ResponseHead } from './head.ts'
import type { HeadWriter } from './head-writer.ts'
import type { HeaderSource } from './header-template.ts'
import type { HeaderField } from './hpack/header-field.ts'
import type { NormalizedHttp2Options } from './options.ts'
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

/** What a stream needs of its session. */
export interface StreamHost {
  readonly options: NormalizedHttp2Options
  readonly sender: StreamOutput
  readonly receiveFlow: StreamCredit
  readonly lifecycle: StreamEnds
  readonly dispatcher: StreamSlots
}

/** Where a stream puts what it has to send. */
export interface StreamOutput {
  readonly heads: HeadWriter
  /** Whether a stream may queue more. If not, its owner will be told when it may. */
  hasRoom(stream: Stream): boolean
  /** The stream has a head, or something else that needs no window. */
  queueUrgent(stream: Stream): void
  /** A piece of a body, not empty. */
  queueData(stream: Stream, data: Uint8Array): void
  /** A short piece of a body, in two parts, to be copied behind what is queued already. */
  queueCopy(stream: Stream, prefix: Uint8Array, data: Uint8Array): void
  /** The owner ended a stream without more data. */
  queueEnd(stream: Stream): void
}

/** Who gives the peer credit for what the owner of a stream reads. */
export interface StreamCredit {
  /** The owner took octets out. */
  consume(stream: Stream, bytes: number): void
  /** Gives a stream the credit that is due. */
  credit(stream: Stream): void
}

/** Who sees a stream off when its owner ends it. */
export interface StreamEnds {
  /** The owner has said all that it will. */
  endOutput(stream: Stream): void
  /** The owner resets a stream and need not be told. */
  reset(stream: Stream, code: number): void
}

/** Who counts the handlers that run. */
export interface StreamSlots {
  /** A server's handler is done. */
  release(stream: Stream): void
}

/** All fields are set here, in one shape: streams are what a busy session makes most of. */
export class Stream implements Http2Stream {
  readonly session: StreamHost
  id: number
  sink: StreamSink | null = null
  readonly openedAtMs: number
  deadlineAtMs = Number.POSITIVE_INFINITY

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
  readonly isHeadRequest: boolean

  constructor(session: StreamHost, id: number, nowMs: number, isHeadRequest: boolean) {
    this.session = session
    this.id = id
    this.openedAtMs = nowMs
    this.isHeadRequest = isHeadRequest
    this.window = session.options.streamWindowBytes
    this.granted = this.window
  }

  get readableBytes(): number {
    return this.body === null ? 0 : this.body.length
  }

  /** What the owner wants is there. */
  get isReady(): boolean {
    return this.wanted > 0 && (this.isPeerDone || this.readableBytes >= this.wanted)
  }

  want(bytes: number): boolean {
    if (this.isReset) return false
    if (this.isPeerDone || this.readableBytes >= bytes) {
      this.wanted = 0
      return true
    }
    this.wanted = bytes
    if (this.receivedBytes > this.creditedBytes) this.session.receiveFlow.credit(this)
    return false
  }

  byteAt(offset: number): number {
    if (this.body === null) throw new RangeError(`offset ${offset} of 0 octets`)
    return this.body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    if (this.body === null) throw new RangeError(`reading ${bytes} of 0 octets`)
    const data = this.body.read(bytes)
    this.session.receiveFlow.consume(this, bytes)
    return data
  }

  inform(fields: HeaderSource): void {
    if (this.isClosed || this.isHeadGiven) return
    this.session.sender.heads.check(fields)
    this.interim ??= []
    this.interim.push(fields)
    this.session.sender.queueUrgent(this)
  }

  respond(head: HeaderSource, endsStream = false): void {
    if (this.isClosed || this.isHeadGiven) return
    this.session.sender.heads.check(head)
    this.outHead = head
    this.isHeadGiven = true
    if (endsStream) this.session.lifecycle.endOutput(this)
    this.session.sender.queueUrgent(this)
  }

  write(data: Uint8Array): boolean {
    if (this.isClosed || this.isOutputEnded || data.length === 0) return true
    this.session.sender.queueData(this, data)
    return this.session.sender.hasRoom(this)
  }

  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean {
    if (this.outBytes === 0) return this.write(joined(prefix, data))
    if (this.isClosed || this.isOutputEnded) return true
    this.session.sender.queueCopy(this, prefix, data)
    return this.session.sender.hasRoom(this)
  }

  end(data?: Uint8Array): void {
    if (this.isClosed || this.isOutputEnded) return
    this.session.lifecycle.endOutput(this)
    if (data !== undefined && data.length > 0) this.session.sender.queueData(this, data)
    else this.session.sender.queueEnd(this)
  }

  sendTrailers(trailers: HeaderSource): void {
    if (this.isClosed || this.isOutputEnded) return
    this.session.sender.heads.check(trailers)
    this.outTrailers = trailers
    this.end()
  }

  reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void {
    if (this.isClosed || this.isHeadGiven) return
    const sender = this.session.sender
    sender.heads.check(head)
    if (trailers !== null) sender.heads.check(trailers)
    this.isHeadGiven = true
    this.outHead = head
    this.outTrailers = trailers
    this.session.lifecycle.endOutput(this)
    sender.queueUrgent(this)
    if (data.length > 0) sender.queueData(this, data)
  }

  reset(code: number): void {
    if (!this.isClosed) this.session.lifecycle.reset(this, code)
  }

  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.session.dispatcher.release(this)
  }
}

/** Of two short parts, this takes 46 ns where Buffer.concat takes 63. */
function joined(prefix: Uint8Array, data: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(prefix.length + data.length)
  out.set(prefix, 0)
  out.set(data, prefix.length)
  return out
}
