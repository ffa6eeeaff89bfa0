/** The part of an exchange that a layer above a transport passes through: the request, and the events of the transport. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Buffer } from 'node:buffer'
import type { CallObservation } from '../../wire/call-observer.ts'
import type { MemoryBudget } from '../../wire/http2/http2.ts'
import type {
  Exchange,
  ExchangeConnection,
  ExchangeHead,
  ExchangeReset,
  ExchangeSink,
} from '../rpc/exchange/exchange.ts'
import type { NodeExchange } from '../rpc/exchange/node-exchange.ts'
import type { ResponseBlock } from '../rpc/exchange/response-block.ts'

/** An exchange on top of a transport, whose sink it becomes. Subclasses decide how the response is sent. */
export abstract class LayeredExchange implements Exchange, ExchangeSink {
  readonly connection: ExchangeConnection
  readonly budget: MemoryBudget
  readonly observation: CallObservation | null | undefined
  readonly openedAtMs: number
  sink: ExchangeSink | null = null
  protected readonly transport: NodeExchange
  /** Runs a function in the async context of `enterScope`; null before. */
  #inScope: ReturnType<typeof AsyncLocalStorage.snapshot> | null = null

  constructor(transport: NodeExchange) {
    this.connection = transport.connection
    this.budget = transport.budget
    this.observation = transport.observation
    this.openedAtMs = transport.openedAtMs
    this.transport = transport
    transport.sink = this
  }

  abstract readonly head: ExchangeHead
  abstract readonly sentStatus: number
  abstract readonly sentBytes: number
  abstract reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void
  abstract respond(head: ResponseBlock, endsResponse?: boolean): void
  abstract mayWrite(): boolean
  abstract write(data: Uint8Array): boolean
  abstract writeRange(buffer: Uint8Array, start: number, end: number): boolean
  abstract end(data?: Uint8Array): void
  abstract endWithTrailers(trailers: ResponseBlock): void
  abstract reset(code: number): void

  get deadlineAtMs(): number {
    return this.transport.deadlineAtMs
  }

  set deadlineAtMs(atMs: number) {
    this.transport.deadlineAtMs = atMs
  }

  get readableBytes(): number {
    return this.transport.readableBytes
  }

  get isPeerDone(): boolean {
    return this.transport.isPeerDone
  }

  get isOwed(): boolean {
    return this.sink?.isOwed === true
  }

  want(bytes: number): boolean {
    return this.transport.want(bytes)
  }

  byteAt(offset: number): number {
    return this.transport.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.transport.read(bytes)
  }

  release(): void {
    this.transport.release()
  }

  onReadable(): void {
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onReadable()
    else this.#inScope(tellReadable, this.sink)
  }

  onWritable(): void {
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onWritable()
    else this.#inScope(tellWritable, this.sink)
  }

  onReset(reset: ExchangeReset): void {
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onReset(reset)
    else this.#inScope(tellReset, this.sink, reset)
  }

  /** From here on events run in the current async context, with what hooks have put into `AsyncLocalStorage`. */
  protected enterScope(): void {
    this.#inScope = AsyncLocalStorage.snapshot()
  }
}

// Shared functions, so that no event needs a closure of its own.

function tellReadable(sink: ExchangeSink): void {
  sink.onReadable()
}

function tellWritable(sink: ExchangeSink): void {
  sink.onWritable()
}

function tellReset(sink: ExchangeSink, reset: ExchangeReset): void {
  sink.onReset(reset)
}
