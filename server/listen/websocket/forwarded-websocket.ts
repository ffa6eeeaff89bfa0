/** Lets a call over a WebSocket go through Fastify and its hooks, as a forwarded request of HTTP/2 does. */
import type { Buffer } from 'node:buffer'
import type { EncodableField, HeaderSource, Http2Stream, StreamSink } from '../../../wire/http2/http2.ts'
import type { ExchangeReset, ExchangeSink } from '../../rpc/exchange/exchange.ts'
import { ResponseBlock } from '../../rpc/exchange/response-block.ts'
import type { WebSocketExchange } from '../../rpc/exchange/websocket-exchange.ts'
import type { ForwardableStream } from '../forwarded/forwardable-stream.ts'

/** The exchange in the form of a stream. It is the sink of the exchange. */
export class ForwardedWebSocket implements ForwardableStream, ExchangeSink {
  sink: StreamSink | null = null
  readonly trailers = null
  readonly areTrailersCut = false
  /** The stall watch of forwarded requests decides what is owed. */
  readonly isOwed = false
  readonly #exchange: WebSocketExchange

  constructor(exchange: WebSocketExchange) {
    this.#exchange = exchange
    exchange.sink = this
  }

  get readableBytes(): number {
    return this.#exchange.readableBytes
  }

  get sentBytes(): number {
    return this.#exchange.leftBytes
  }

  get isPeerDone(): boolean {
    return this.#exchange.isPeerDone
  }

  want(bytes: number): boolean {
    return this.#exchange.want(bytes)
  }

  read(bytes: number): Buffer {
    return this.#exchange.read(bytes)
  }

  /** There are no interim responses. */
  inform(): void {}

  respond(head: HeaderSource, endsStream = false): void {
    this.#exchange.respond(blockOf(head), endsStream)
  }

  write(data: Uint8Array): boolean {
    return this.#exchange.write(data)
  }

  end(data?: Uint8Array): void {
    this.#exchange.end(data)
  }

  sendTrailers(trailers: HeaderSource): void {
    this.#exchange.endWithTrailers(ResponseBlock.once(0, fieldsOf(trailers)))
  }

  reply(head: HeaderSource, data: Uint8Array, trailers: HeaderSource | null): void {
    this.#exchange.reply(blockOf(head), data, trailers && ResponseBlock.once(0, fieldsOf(trailers)))
  }

  reset(code: number): void {
    this.#exchange.reset(code)
  }

  release(): void {
    this.#exchange.release()
  }

  onReadable(): void {
    this.sink?.onReadable(this.#asStream)
  }

  onWritable(): void {
    this.sink?.onWritable(this.#asStream)
  }

  onReset({ code, source, reason }: ExchangeReset): void {
    this.sink?.onReset(this.#asStream, { code, source, reason, isUnprocessed: false })
  }

  /** A forwarded request knows its stream, and reads no other property of the one that it is given. */
  get #asStream(): Http2Stream {
    return this as unknown as Http2Stream
  }
}

/** The status is the first field. */
function blockOf(head: HeaderSource): ResponseBlock {
  const [status, ...fields] = fieldsOf(head)
  return ResponseBlock.once(Number(status?.value), fields)
}

/** Forwarded responses are read from node:http, and none is a template. */
function fieldsOf(source: HeaderSource): readonly EncodableField[] {
  return Array.isArray(source) ? (source as readonly EncodableField[]) : []
}
