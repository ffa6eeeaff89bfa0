/** What a `ResponseReader` parses from a response, in comparable form. */
import { ResponseReader, type ResponseReceiver } from '../../server/listen/forwarded/response-reader.ts'
import type { HeaderField } from '../../wire/http2/http2.ts'

type Pair = readonly [name: string, value: string]

/** Records everything that it receives; pieces of the body are joined. */
export class RecordedResponse implements ResponseReceiver {
  readonly interim: (readonly [status: number, fields: readonly Pair[]])[] = []
  head: readonly Pair[] | undefined
  body = Buffer.alloc(0)
  trailers: readonly Pair[] | undefined
  /** How often it was called. */
  steps = 0
  readonly #reader: ResponseReader

  constructor(isHeadRequest = false) {
    this.#reader = new ResponseReader(this, isHeadRequest)
  }

  /** Reads pieces in order. @throws MalformedResponseError */
  static of(pieces: readonly (string | Buffer)[], isHeadRequest = false): RecordedResponse {
    const response = new RecordedResponse(isHeadRequest)
    for (const piece of pieces) response.push(piece, 'latin1')
    return response
  }

  get isDone(): boolean {
    return this.#reader.isDone
  }

  push(piece: string | Buffer, encoding?: BufferEncoding): void {
    this.#reader.push(piece, encoding)
  }

  finish(): void {
    this.#reader.finish()
  }

  onInterim(status: number, fields: readonly HeaderField[]): void {
    this.steps++
    this.interim.push([status, pairsOf(fields)])
  }

  onHead(fields: readonly HeaderField[]): void {
    this.steps++
    this.head = pairsOf(fields)
  }

  onBody(data: Uint8Array): void {
    this.steps++
    this.body = Buffer.concat([this.body, data])
  }

  onEnd(trailers: readonly HeaderField[]): void {
    this.steps++
    this.trailers = pairsOf(trailers)
  }
}

function pairsOf(fields: readonly HeaderField[]): Pair[] {
  return fields.map(({ name, value }) => [name, value])
}
