/** What is sent of a request: as a whole, or piece by piece as it is made. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { HttpExchange } from '../channel/http-exchange.ts'

const EMPTY = new Uint8Array(0)

/** The body of one attempt, which may need more than one exchange. */
export class RequestBody {
  /** All of it; null: it is sent piece by piece. */
  readonly content: Uint8Array | null
  readonly #pieces: AsyncIterator<Uint8Array> | null
  #exchange: HttpExchange | null = null
  #canReplay = true
  #isSending = false
  #isStopped = false
  #onWritable: (() => void) | null = null

  private constructor(content: Uint8Array | null, pieces: AsyncIterator<Uint8Array> | null) {
    this.content = content
    this.#pieces = pieces
  }

  /** Waits for all of it. */
  static async whole(pieces: AsyncIterable<Uint8Array> | undefined): Promise<RequestBody> {
    const parts: Uint8Array[] = []
    for await (const piece of pieces ?? []) parts.push(piece)
    const [only = EMPTY] = parts
    return new RequestBody(parts.length > 1 ? Buffer.concat(parts) : only, null)
  }

  /** Each piece is waited for while there is room for it. */
  static streamed(pieces: AsyncIterable<Uint8Array> | undefined): RequestBody {
    return new RequestBody(null, pieces?.[Symbol.asyncIterator]() ?? null)
  }

  /** Another exchange can be sent what this one was sent. */
  get canReplay(): boolean {
    return this.#canReplay
  }

  /** There is an answer: no other exchange follows. */
  commit(): void {
    this.#canReplay = false
  }

  /** Sends what follows over this exchange. */
  sendOver(exchange: HttpExchange, onFailed: (error: ConnectError) => void): void {
    this.#exchange = exchange
    if (this.#pieces === null) return
    this.onWritable()
    if (this.#isSending) return
    this.#isSending = true
    this.#sendAll(this.#pieces).catch((error: unknown) => onFailed(ConnectError.from(error, Code.Internal)))
  }

  /** The exchange has failed; another may follow. */
  detach(): void {
    this.#exchange = null
  }

  /** From the exchange. */
  onWritable(): void {
    this.#onWritable?.()
    this.#onWritable = null
  }

  /** Nothing more is sent. Whoever makes the pieces is told, and not waited for. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.onWritable()
    this.#pieces?.return?.().catch(() => {})
  }

  /** Goes on over exchanges: each piece is made once. */
  async #sendAll(pieces: AsyncIterator<Uint8Array>): Promise<void> {
    for (;;) {
      const next = await pieces.next()
      const exchange = await this.#nextExchange()
      if (exchange === null) return
      this.#canReplay = false
      if (next.done === true) {
        exchange.end()
        return
      }
      if (!exchange.write(next.value)) await this.#untilWritable()
    }
  }

  /** Null: nothing more is to be sent. */
  async #nextExchange(): Promise<HttpExchange | null> {
    while (this.#exchange === null && !this.#isStopped) await this.#untilWritable()
    return this.#isStopped ? null : this.#exchange
  }

  #untilWritable(): Promise<void> {
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }
}
