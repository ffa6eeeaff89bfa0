/** Several connections of one subchannel, used as one (gRFC A105). */
import type { HeaderSource, Http2Stream, RequestOptions, StreamSink } from '../../../wire/http2/http2.ts'
import { type CapacityOwner, CapacityQueue } from '../connection/capacity-queue.ts'
import type { HttpExchange, HttpListener, HttpRequest } from '../contracts/http-exchange.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { Subchannel, SubchannelConnection } from '../contracts/subchannel.ts'

/** What a scaled connection depends on. */
export interface ScaledConnectionParts {
  /** Returns the current maximum number of connections, from 1. */
  maxConnections(): number
  /** Creates an IDLE subchannel to the same address, for another connection. */
  createExtra(): Subchannel
  /** A connection was added. */
  onGrown(connection: SubchannelConnection): void
  /** An added connection has left; `isEmpty` tells whether it was the last. */
  onShrunk(): void
}

/**
 * Starts with one connection. When a request finds no room on any, another is added, one at a time and up to the limit, each with its own
 * backoff. Requests use the first one with room. Added connections stay until the server or the owner closes them.
 */
export class ScaledConnection implements SubchannelConnection, CapacityOwner {
  readonly peer: string
  readonly socket: SocketRecord
  readonly #parts: ScaledConnectionParts
  readonly #queue = new CapacityQueue(this)
  readonly #extras: Subchannel[] = []
  /** Our places in the queues of the connections; one in each while requests wait here. */
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

  /** True only once the owner has closed it. Until then, waiting requests would be sent here again. */
  get hasLeft(): boolean {
    return this.#isClosed
  }

  /** Whether no connection is left. */
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

  /** Removes the first connection, which has left. */
  dropFirst(): void {
    if (this.#first !== null) this.#places.delete(this.#first)
    this.#first = null
    this.#serve()
  }

  /** Ends the backoff of added connections. */
  resetBackoff(): void {
    for (const extra of this.#extras) extra.resetBackoff()
  }

  /** Closes the added connections, and sends waiting requests to look for another connection. */
  close(): void {
    this.#isClosed = true
    this.#first = null
    for (const extra of this.#extras.splice(0)) extra.shutdown()
    this.#leavePlaces()
    this.#queue.serve()
  }

  /** Adds a connection, unless one is being added or in backoff. */
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

  /** Serves waiting requests after a change, then waits, or adds a connection, for those that remain. */
  #serve(): void {
    // Callbacks queue for room themselves, and our places must not be ahead of theirs.
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
