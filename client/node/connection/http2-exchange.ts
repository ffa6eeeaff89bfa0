/** An HTTP request and its response on an HTTP/2 stream. */
import type { OctetRange } from '../../../wire/http2/http2.ts'
import {
  ErrorCode,
  type Http2Stream,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
} from '../../../wire/http2/http2.ts'
import { errorOfReset } from '../../../wire/read-status.ts'
import { type HttpExchange, type HttpListener, type HttpRequest, processingOf } from '../contracts/http-exchange.ts'
import { overLimits } from '../contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'

/** Unread octets stay in the transport, whose window stops the server. */
export class Http2Exchange implements HttpExchange, StreamSink {
  readonly #stream: Http2Stream
  readonly #listener: HttpListener
  #isOver = false

  /** Sends the request. Throws HeaderListTooLargeError. */
  constructor(connection: Pick<SubchannelConnection, 'request'>, request: HttpRequest, listener: HttpListener) {
    const { method, scheme, path, authority, fields, body } = request
    const head = [
      { name: ':method', value: method },
      { name: ':scheme', value: scheme },
      { name: ':path', value: path },
      { name: ':authority', value: authority },
      ...fields,
    ]
    this.#listener = listener
    this.#stream = connection.request(head, this, { endsStream: body?.byteLength === 0 })
    if (body !== null && body.byteLength > 0) this.#stream.end(body)
  }

  get sentBytes(): number {
    return this.#stream.sentBytes
  }

  get isPeerDone(): boolean {
    return this.#stream.isPeerDone
  }

  get readableBytes(): number {
    return this.#stream.readableBytes
  }

  want(bytes: number): boolean {
    return this.#stream.want(bytes)
  }

  byteAt(offset: number): number {
    return this.#stream.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.#stream.read(bytes)
  }

  peek(): OctetRange | null {
    return this.#stream.peek()
  }

  skip(bytes: number): void {
    this.#stream.skip(bytes)
  }

  write(data: Uint8Array): boolean {
    return this.#stream.write(data)
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    return this.#stream.writeRange(buffer, start, end)
  }

  end(): void {
    this.#stream.end()
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#stream.isPeerDone) this.#stream.reset(ErrorCode.CANCEL)
  }

  onHead(_stream: Http2Stream, { status, fields, isTooLarge }: ResponseHead): void {
    if (this.#isOver) return
    if (!isTooLarge) {
      this.#listener.onHead({ status, fields })
      return
    }
    this.cancel()
    this.#listener.onFailed({ error: overLimits('headers'), processing: 'unknown' })
  }

  onReadable(): void {
    if (!this.#isOver) this.#listener.onReadable()
  }

  onWritable(): void {
    if (!this.#isOver) this.#listener.onWritable()
  }

  onReset(stream: Http2Stream, reset: StreamReset): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#listener.onFailed({ error: errorOfReset(reset), processing: processingOf(stream, reset) })
  }
}
