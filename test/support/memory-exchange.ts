/** An exchange without a transport: a test feeds the request and reads the response. */
import { Buffer } from 'node:buffer'
import type {
  Exchange,
  ExchangeConnection,
  ExchangeHead,
  ExchangeReset,
  ExchangeSink,
  RequestField,
} from '../../server/rpc/exchange/exchange.ts'
import type { ResponseBlock } from '../../server/rpc/exchange/response-block.ts'
import { type MemoryBudget, ProcessMemory } from '../../wire/http2/http2.ts'

/** Complete request headers; missing ones are those of a valid POST. */
export interface MemoryHead {
  readonly method?: string
  readonly path: string
  readonly authority?: string
  readonly verdict?: ExchangeHead['verdict']
  readonly fields?: readonly (readonly [name: string, value: string])[]
}

/** Makes request headers. */
export function memoryHead(init: MemoryHead): ExchangeHead {
  const { method = 'POST', path, authority = 'example.test', verdict = 'fine', fields = [] } = init
  const list: readonly RequestField[] = fields.map(([name, value]) => ({ name, value }))
  const get = (name: string) => list.find((field) => field.name === name)?.value
  return { method, path, authority, verdict, fields: list, get, plan: undefined }
}

const CONNECTION: ExchangeConnection = {
  remoteAddress: '127.0.0.1',
  peer: '127.0.0.1:4000',
  remotePort: 4_000,
  isEncrypted: false,
  httpVersion: '2',
}

/** What a test can set; the rest has harmless defaults. */
export interface MemoryExchangeOptions {
  readonly openedAtMs?: number
  readonly connection?: Partial<ExchangeConnection>
  /** Default: 256 MiB, counted for this exchange alone. */
  readonly budget?: MemoryBudget
}

/** Records everything; `write` returns false while `isFull`. */
export class MemoryExchange implements Exchange {
  readonly head: ExchangeHead
  readonly connection: ExchangeConnection
  readonly budget: MemoryBudget
  readonly openedAtMs: number
  sink: ExchangeSink | null = null
  deadlineAtMs = Number.POSITIVE_INFINITY
  isPeerDone = false
  isFull = false
  /** Other calls of the connection have used all of the buffer. */
  isCrowded = false
  /** The response. */
  status: number | undefined
  readonly headers = new Headers()
  readonly trailers = new Headers()
  body = Buffer.alloc(0)
  isEnded = false
  sentStatus = 0
  /** The response consisted of headers only. */
  isHeadOnly = false
  resetCode: number | undefined
  releases = 0
  #received = Buffer.alloc(0)
  #wanted = 0

  constructor(head: MemoryHead, options: MemoryExchangeOptions = {}) {
    this.head = memoryHead(head)
    this.openedAtMs = options.openedAtMs ?? performance.now()
    this.connection = { ...CONNECTION, ...options.connection }
    this.budget = options.budget ?? { memory: new ProcessMemory(), processBufferBytes: 256 * 1_024 * 1_024 }
  }

  get readableBytes(): number {
    return this.#received.byteLength
  }

  get sentBytes(): number {
    return this.body.byteLength
  }

  /** The peer sends data; `isLast` half-closes after it. */
  feed(data: Uint8Array, isLast = false): void {
    this.#received = Buffer.concat([this.#received, data])
    this.isPeerDone ||= isLast
    if (this.#wanted === 0 || !(this.isPeerDone || this.readableBytes >= this.#wanted)) return
    this.#wanted = 0
    this.sink?.onReadable()
  }

  /** The client reads again. */
  drain(): void {
    this.isFull = false
    this.isCrowded = false
    this.sink?.onWritable()
  }

  /** The exchange is closed. */
  abort(reset: Partial<ExchangeReset> = {}): void {
    this.sink?.onReset({ code: 8, source: 'peer', reason: 'reset by the peer', ...reset })
  }

  want(bytes: number): boolean {
    this.#wanted = this.isPeerDone || this.readableBytes >= bytes ? 0 : bytes
    return this.#wanted === 0
  }

  byteAt(offset: number): number {
    return this.#received.readUInt8(offset)
  }

  read(bytes: number): Buffer {
    const data = this.#received.subarray(0, bytes)
    this.#received = this.#received.subarray(bytes)
    return data
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    this.respond(head)
    this.body = Buffer.concat([this.body, body])
    if (trailers !== null) append(this.trailers, trailers)
    this.isEnded = true
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    this.status = head.status
    this.sentStatus = head.status
    append(this.headers, head)
    this.isHeadOnly = endsResponse
    this.isEnded = endsResponse
  }

  mayWrite(): boolean {
    return !this.isCrowded
  }

  write(data: Uint8Array): boolean {
    this.body = Buffer.concat([this.body, data])
    return !this.isFull
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.write(Buffer.from(buffer.subarray(start, end)))
  }

  end(data: Uint8Array = new Uint8Array(0)): void {
    this.body = Buffer.concat([this.body, data])
    this.isEnded = true
  }

  endWithTrailers(trailers: ResponseBlock): void {
    append(this.trailers, trailers)
    this.isEnded = true
  }

  reset(code: number): void {
    this.resetCode = code
  }

  release(): void {
    this.releases++
  }
}

function append(headers: Headers, block: ResponseBlock): void {
  for (const { name, value } of block.fields) headers.append(name, value)
}
