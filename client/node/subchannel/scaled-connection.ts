/** Several connections of one subchannel that are used as one (gRFC A105). */
import type { HeaderSource, Http2Stream, RequestOptions, StreamSink } from '../../../wire/http2/http2.ts'
import { type CapacityOwner, CapacityQueue } from '../connection/capacity-queue.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../contracts/http-exchange.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { Subchannel, SubchannelConnection } from '../contracts/subchannel.ts'

/** What a scaled connection works with. */
export interface ScaledConnectionParts {
  /** How many connections there may be at this moment, from 1. */
  maxConnections(): number
  /** Makes a subchannel to the same address, in IDLE, for one more connection. */
  createExtra(): Subchannel
  /** There is one more. */
  onGrown(connection: SubchannelConnection): void
  /** One that was added has left; `isEmpty` tells whether it was the last. */
  onShrunk(): void
}

/**
 * Begins with one connection. When a request finds no room on any, another is made, one at a time and up to the limit; each waits
 * for its own backoff if it fails. Requests go to the first that has room. What was added stays until the server or the owner
 * leaves.
 */
export class ScaledConnection implements SubchannelConnection, CapacityOwner {
  readonly peer: string
  readonly socket: SocketRecord
  readonly #parts: ScaledConnectionParts
  readonly #queue = new CapacityQueue(this)
  readonly #extras: Subchannel[] = []
  /** Our places among those who wait for room on a connection; one on each while anybody waits here. */
  readonly #places = new Map<SubchannelConnection, () => void>()
  #first: SubchannelConnection | null
  #isClosed = false

  constructor(first: SubchannelConnection, parts: ScaledConnectionParts) {
    this.#first = first
    this.#parts = parts
    this.peer = first.peer
    this.socket = first.socket
  }

  get canRequest(): boolean {
    return this.hasRoom && this.#queue.isFree
  }

  get hasRoom(): boolean {
    return this.#withRoom() !== null
  }

  /** Only when the owner says so: until it does, those who wait would be sent here again. */
  get hasLeft(): boolean {
    return this.#isClosed
  }

  /** There is no connection left. The owner closes what remains. */
  get isEmpty(): boolean {
    return this.#first === null && this.#extras.every(({ connection }) => connection === null)
  }

  request(head: HeaderSource, sink: StreamSink, options?: RequestOptions): Http2Stream {
    return this.#requireRoom().request(head, sink, options)
  }

  exchange(request: HttpRequest, listener: HttpListener): HttpExchange {
    return this.#requireRoom().exchange(request, listener)
  }

  whenCapacity(callback: () => void): () => void {
    const leave = this.#queue.wait(callback)
    this.#grow()
    this.#takePlaces()
    return () => {
      leave()
      if (this.#queue.isFree) this.#leavePlaces()
    }
  }

  /** The connection that was the first has left. */
  dropFirst(): void {
    if (this.#first !== null) this.#places.delete(this.#first)
    this.#first = null
    this.#serve()
  }

  /** Connections that wait for their backoff may be tried at once. */
  resetBackoff(): void {
    for (const extra of this.#extras) extra.resetBackoff()
  }

  /** The owner lets go of all that were added; who waits is sent to look elsewhere. */
  close(): void {
    this.#isClosed = true
    this.#first = null
    for (const extra of this.#extras.splice(0)) extra.shutdown()
    this.#leavePlaces()
    this.#queue.serve()
  }

  /** One at a time: while an attempt is under way, or waits for its backoff, there is no other. */
  #grow(): void {
    const used = this.#extras.filter(({ state }) => state !== 'IDLE')
    const isBusy = used.some(({ state }) => state !== 'READY')
    const count = used.length + (this.#first === null ? 0 : 1)
    if (isBusy || this.isEmpty || count >= this.#parts.maxConnections()) return
    const extra = this.#extras.find(({ state }) => state === 'IDLE') ?? this.#add()
    extra.connect()
  }

  #add(): Subchannel {
    const extra = this.#parts.createExtra()
    let added: SubchannelConnection | null = null
    extra.watch(({ state }) => {
      const departed = added
      added = extra.connection
      if (state === 'READY' && added !== null) this.#parts.onGrown(added)
      if (departed !== null && departed !== added) {
        this.#places.delete(departed)
        this.#parts.onShrunk()
      }
      this.#serve()
    })
    this.#extras.push(extra)
    return extra
  }

  /** Something has changed: whoever can go on does, and for who still waits there is more to be done. */
  #serve(): void {
    // Whoever is called asks for room himself: our places would be before his.
    this.#leavePlaces()
    this.#queue.serve()
    if (this.#queue.isFree) return
    this.#grow()
    this.#takePlaces()
  }

  #takePlaces(): void {
    this.#takePlace(this.#first)
    for (const { connection } of this.#extras) this.#takePlace(connection)
  }

  #takePlace(connection: SubchannelConnection | null): void {
    if (connection === null || this.#places.has(connection)) return
    const leave = connection.whenCapacity(() => {
      this.#places.delete(connection)
      this.#serve()
    })
    this.#places.set(connection, leave)
  }

  #leavePlaces(): void {
    for (const leave of this.#places.values()) leave()
    this.#places.clear()
  }

  #withRoom(): SubchannelConnection | null {
    if (this.#first?.canRequest === true) return this.#first
    for (const { connection } of this.#extras) if (connection?.canRequest === true) return connection
    return null
  }

  #requireRoom(): SubchannelConnection {
    const connection = this.#withRoom()
    if (connection === null) throw new Error('a request was made where there is no room')
    return connection
  }
}
