/** A stream of a session: the methods that its owner calls. */
import type { Buffer } from 'node:buffer'
import type { HeaderSource } from './header-template.ts'
import { copyOf, type OctetRange } from './octets.ts'
import type { MemoryBudget } from './process-memory.ts'
import type { SessionParts } from './session-parts.ts'
import { StreamState } from './stream-state.ts'

/** Skipped octets that are accounted for together, unless nothing is left to read. */
const ACCOUNTED_BYTES = 4_096

/** Delegates each call of the owner to the parts of the session. */
export class Stream extends StreamState {
  private readonly parts: SessionParts

  /** @param id 0 for a request of a client, which gets its id when it is sent */
  constructor(parts: SessionParts, id: number, nowMs: number) {
    super(id, nowMs, parts.state.options.streamWindowBytes)
    this.parts = parts
  }

  get budget(): MemoryBudget {
    return this.parts.state.options
  }

  want(bytes: number): boolean {
    if (this.isReset) return false
    if (this.isPeerDone || this.readableBytes >= bytes) {
      this.wanted = 0
      return true
    }
    this.wanted = bytes
    if (this.receivedBytes > this.creditedBytes) this.parts.receiveFlow.credit(this)
    return false
  }

  byteAt(offset: number): number {
    if (this.body === null) throw new RangeError(`offset ${offset} of 0 octets`)
    return this.body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    if (this.body === null) throw new RangeError(`reading ${bytes} of 0 octets`)
    const data = this.body.read(bytes)
    this.parts.receiveFlow.consume(this, bytes)
    return data
  }

  peek(): OctetRange | null {
    return this.body === null || this.isReset ? null : this.body.peek()
  }

  /** Accounts for short messages together, as accounting costs more than reading one. */
  skip(bytes: number): void {
    const { body } = this
    if (body === null) throw new RangeError(`skipping ${bytes} of 0 octets`)
    body.skip(bytes)
    this.wanted = 0
    this.consumedBytes += bytes
    this.unaccountedBytes += bytes
    if (this.unaccountedBytes < ACCOUNTED_BYTES && body.length > 0) return
    this.unaccountedBytes = 0
    this.parts.receiveFlow.consume(this, 0)
  }

  inform(fields: HeaderSource): void {
    if (this.isClosed || this.isHeadGiven) return
    this.parts.sender.heads.check(fields)
    this.interim ??= []
    this.interim.push(fields)
    this.parts.outbox.queueUrgent(this)
  }

  respond(head: HeaderSource, endsStream = false): void {
    if (this.isClosed || this.isHeadGiven) return
    this.parts.sender.heads.check(head)
    this.outHead = head
    this.isHeadGiven = true
    if (endsStream) this.parts.lifecycle.endOutput(this)
    this.parts.outbox.queueUrgent(this)
  }

  mayWrite(): boolean {
    return this.isClosed || this.isOutputEnded || this.parts.outbox.hasRoom(this)
  }

  write(data: Uint8Array): boolean {
    if (this.isClosed || this.isOutputEnded || data.length === 0) return true
    this.parts.sender.queueData(this, data)
    return this.parts.outbox.hasRoom(this)
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    if (this.outBytes === 0) return this.write(copyOf(buffer, start, end))
    if (this.isClosed || this.isOutputEnded) return true
    this.parts.sender.queueCopy(this, buffer, start, end)
    return this.parts.outbox.hasRoom(this)
  }

  end(data?: Uint8Array): void {
    if (this.isClosed || this.isOutputEnded) return
    this.parts.lifecycle.endOutput(this)
    if (data !== undefined && data.length > 0) this.parts.sender.queueData(this, data)
    else this.parts.outbox.queueEnd(this)
  }

  sendTrailers(trailers: HeaderSource): void {
    if (this.isClosed || this.isOutputEnded) return
    this.parts.sender.heads.check(trailers)
    this.outTrailers = trailers
    this.end()
  }

  reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void {
    if (this.isClosed || this.isHeadGiven) return
    const { sender, outbox, lifecycle } = this.parts
    sender.heads.check(head)
    if (trailers !== null) sender.heads.check(trailers)
    this.isHeadGiven = true
    this.outHead = head
    this.outTrailers = trailers
    lifecycle.endOutput(this)
    outbox.queueUrgent(this)
    if (data.length > 0) sender.queueData(this, data)
  }

  reset(code: number): void {
    if (!this.isClosed) this.parts.lifecycle.reset(this, code)
  }

  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.parts.dispatcher.release(this)
  }
}
