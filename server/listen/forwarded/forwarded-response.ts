/** Sends on an HTTP/2 stream the response that node:http writes. */

import { type EncodableField, HeaderListTooLargeError, headerField } from '../../../wire/http2/http2.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'
import type { ForwardableStream } from './forwardable-stream.ts'
import type { WrittenPiece } from './memory-socket.ts'
import { ResponseReader, type ResponseReceiver } from './response-reader.ts'

const CONTINUE = 100
const NO_BODY = new Uint8Array(0)

/** Counts bodies as they pass. */
export interface BodyCounter {
  /** Counts part of the request body. */
  noteReceived(chunk: Uint8Array): void
  /** Counts part of the response body. */
  noteSent(chunk: Uint8Array): void
  /** The `grpc-status` trailer that was sent. */
  grpcStatus: string | undefined
  /** Called when the stream was reset because the client stalls. */
  readonly onStall?: ((fault: RequestFault, isAnswered: boolean) => void) | undefined
}

/** Everything written in one go is sent in one go, so that a short response is a single call of the stream. */
export class ForwardedResponse implements ResponseReceiver {
  readonly #stream: ForwardableStream
  readonly #counter: BodyCounter
  readonly #reader: ResponseReader
  /** The head and the first part of the body, held until everything written with them has been read. */
  #head: readonly EncodableField[] | null = null
  #body: Uint8Array | null = null
  #trailers: readonly EncodableField[] | null = null
  #hasRoom = true
  #isSent = false

  constructor(stream: ForwardableStream, counter: BodyCounter, isHeadRequest: boolean) {
    this.#stream = stream
    this.#counter = counter
    this.#reader = new ResponseReader(this, isHeadRequest)
  }

  /** Whether the whole response has been read. */
  get isComplete(): boolean {
    return this.#reader.isDone
  }

  /**
   * Reads what was written; `flush` sends it.
   *
   * @throws MalformedResponseError for a response that HTTP/2 cannot carry
   * @throws HeaderListTooLargeError for a head that exceeds the client's limit
   */
  read(pieces: readonly WrittenPiece[]): void {
    for (const { chunk, encoding } of pieces) this.#reader.push(chunk, encoding)
  }

  /**
   * Ends the input.
   *
   * @throws MalformedResponseError if the response is incomplete
   */
  finish(): void {
    this.#reader.finish()
  }

  /**
   * Sends what was read.
   *
   * @returns whether there is room for more; if not, the stream calls `onWritable`
   * @throws HeaderListTooLargeError for a head or trailers that exceed the client's limit
   */
  flush(): boolean {
    if (this.#isSent) return true
    if (this.#reader.isDone) {
      this.#isSent = true
      this.#sendRest()
      return true
    }
    this.#sendHead()
    const hasRoom = this.#hasRoom
    this.#hasRoom = true
    return hasRoom
  }

  /** Interim responses are optional, so one that exceeds the client's limit is skipped. */
  onInterim(status: number, fields: readonly EncodableField[]): void {
    const hints = status === CONTINUE ? [] : fields
    try {
      this.#stream.inform([headerField(':status', String(status)), ...hints])
    } catch (error) {
      if (!(error instanceof HeaderListTooLargeError)) throw error
    }
  }

  onHead(fields: readonly EncodableField[]): void {
    this.#head = fields
  }

  /** Holds the first part until `flush`, so that a short body can leave with its head. */
  onBody(data: Uint8Array): void {
    this.#counter.noteSent(data)
    if (this.#head !== null && this.#body === null) {
      this.#body = data
      return
    }
    this.#sendHead()
    this.#write(data)
  }

  onEnd(trailers: readonly EncodableField[]): void {
    if (trailers.length === 0) return
    this.#trailers = trailers
    this.#counter.grpcStatus = trailers.find(({ name }) => name === 'grpc-status')?.value
  }

  #sendHead(): void {
    if (this.#head === null) return
    this.#stream.respond(this.#head)
    this.#head = null
    if (this.#body !== null) this.#write(this.#body)
    this.#body = null
  }

  #write(data: Uint8Array): void {
    this.#hasRoom = this.#stream.write(data) && this.#hasRoom
  }

  /** A whole response is one call of the stream; otherwise only its end is left to send. */
  #sendRest(): void {
    const stream = this.#stream
    if (this.#head !== null) stream.reply(this.#head, this.#body ?? NO_BODY, this.#trailers)
    else if (this.#trailers !== null) stream.sendTrailers(this.#trailers)
    else stream.end()
  }
}
