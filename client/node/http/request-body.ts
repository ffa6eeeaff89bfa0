/** What is sent of a request: as a whole, or piece by piece as it is made. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { HttpExchange } from '../contracts/http-exchange.ts'
import { MAX_REPLAY_BYTES } from '../rpc/client-call.ts'

const EMPTY = new Uint8Array(0)

/** The body of one attempt, which may need more than one exchange. */
export class RequestBody {
  /** All of it; null: it is sent piece by piece. */
  readonly content: Uint8Array | null
  readonly #pieces: AsyncIterator<Uint8Array> | null
  readonly #onPiece: ((piece: Uint8Array) => void) | null
  /** The pieces that were sent, for another exchange; null: no other may follow. */
  #sent: Uint8Array[] | null = []
  #sentBytes = 0
  #exchange: HttpExchange | null = null
  /** Of the exchange. */
  #hasRoom = true
  #isSending = false
  /** There are no more pieces. */
  #isComplete = false
  #isStopped = false
  #onWake: (() => void) | null = null

  private constructor(
    content: Uint8Array | null,
    pieces: AsyncIterator<Uint8Array> | null,
    onPiece: ((piece: Uint8Array) => void) | null,
  ) {
    this.content = content
    this.#pieces = pieces
    this.#onPiece = onPiece
  }

  /** Waits for all of it. */
  static async whole(pieces: AsyncIterable<Uint8Array> | undefined): Promise<RequestBody> {
    const parts: Uint8Array[] = []
    for await (const piece of pieces ?? []) parts.push(piece)
    const [only = EMPTY] = parts
    return new RequestBody(parts.length > 1 ? Buffer.concat(parts) : only, null, null)
  }

  /** Each piece is waited for while there is room for it. `onPiece` is told each time that one is sent. */
  static streamed(
    pieces: AsyncIterable<Uint8Array> | undefined,
    onPiece: ((piece: Uint8Array) => void) | null = null,
  ): RequestBody {
    return new RequestBody(null, pieces?.[Symbol.asyncIterator]() ?? null, onPiece)
  }

  /** Another exchange can be sent what this one was sent. */
  get canReplay(): boolean {
    return this.#sent !== null
  }

  /** There is an answer: no other exchange follows. */
  commit(): void {
    this.#sent = null
  }

  /** Sends over this exchange what was sent over others, and what follows. */
  sendOver(exchange: HttpExchange, onFailed: (error: ConnectError) => void): void {
    this.#exchange = exchange
    if (this.#pieces === null) return
    this.#hasRoom = true
    for (const piece of this.#sent ?? []) this.#write(exchange, piece)
    if (this.#isComplete) exchange.end()
    else if (this.#hasRoom) this.#wake()
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
    this.#hasRoom = true
    this.#wake()
  }

  /** Nothing more is sent. Whoever makes the pieces is told, and not waited for. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#sent = null
    this.#wake()
    this.#pieces?.return?.().catch(() => {})
  }

  /** Goes on over exchanges: each piece is made once. */
  async #sendAll(pieces: AsyncIterator<Uint8Array>): Promise<void> {
    for (;;) {
      const next = await pieces.next()
      const exchange = await this.#nextExchange()
      if (exchange === null) return
      if (next.done === true) {
        this.#isComplete = true
        exchange.end()
        return
      }
      this.#keep(next.value)
      this.#write(exchange, next.value)
      if (!this.#hasRoom) await this.#nextExchange()
    }
  }

  #write(exchange: HttpExchange, piece: Uint8Array): void {
    this.#hasRoom = exchange.write(piece)
    this.#onPiece?.(piece)
  }

  #keep(piece: Uint8Array): void {
    this.#sentBytes += piece.byteLength
    if (this.#sentBytes > MAX_REPLAY_BYTES) this.#sent = null
    else this.#sent?.push(piece)
  }

  /** One that has room. Null: nothing more is to be sent. */
  async #nextExchange(): Promise<HttpExchange | null> {
    while ((this.#exchange === null || !this.#hasRoom) && !this.#isStopped) await this.#untilWoken()
    return this.#isStopped ? null : this.#exchange
  }

  #wake(): void {
    this.#onWake?.()
    this.#onWake = null
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#onWake = resolve
    })
  }
}
