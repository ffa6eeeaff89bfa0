/** An exchange over a stream of our own HTTP/2. */
import type { Buffer } from 'node:buffer'
import type {
  Http2Stream,
  MemoryBudget,
  OctetRange,
  RequestHead,
  StreamReset,
  StreamSink,
} from '../../../wire/http2/http2.ts'
import type { Exchange, ExchangeConnection, ExchangeSink } from './exchange.ts'
import type { ResponseBlock } from './response-block.ts'

/** Also the sink of its stream, so there is one object per request. */
export class Http2Exchange implements Exchange, StreamSink {
  readonly head: RequestHead
  readonly connection: ExchangeConnection
  readonly stream: Http2Stream
  sink: ExchangeSink | null = null
  sentStatus = 0
  sentBytes = 0

  constructor(stream: Http2Stream, head: RequestHead, connection: ExchangeConnection) {
    this.stream = stream
    this.head = head
    this.connection = connection
    stream.sink = this
    stream.addsDate = true
  }

  get budget(): MemoryBudget {
    return this.stream.budget
  }

  get openedAtMs(): number {
    return this.stream.openedAtMs
  }

  get deadlineAtMs(): number {
    return this.stream.deadlineAtMs
  }

  set deadlineAtMs(atMs: number) {
    this.stream.deadlineAtMs = atMs
  }

  /** Only a call that waits for bytes knows what is owed. Before there is one, nothing is. */
  get isOwed(): boolean {
    return this.sink?.isOwed === true
  }

  get readableBytes(): number {
    return this.stream.readableBytes
  }

  get isPeerDone(): boolean {
    return this.stream.isPeerDone
  }

  want(bytes: number): boolean {
    return this.stream.want(bytes)
  }

  byteAt(offset: number): number {
    return this.stream.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.stream.read(bytes)
  }

  peek(): OctetRange | null {
    return this.stream.peek()
  }

  skip(bytes: number): void {
    this.stream.skip(bytes)
  }

  /** The status is noted after sending, since a head that is too large throws and is not sent. The body may be freed by then. */
  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    const { byteLength } = body
    this.stream.reply(head.http2, body, trailers === null ? null : trailers.http2)
    this.sentStatus = head.status
    this.sentBytes = byteLength
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    this.stream.respond(head.http2, endsResponse)
    this.sentStatus = head.status
  }

  mayWrite(): boolean {
    return this.stream.mayWrite()
  }

  write(data: Uint8Array): boolean {
    this.sentBytes += data.byteLength
    return this.stream.write(data)
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    this.sentBytes += end - start
    return this.stream.writeRange(buffer, start, end)
  }

  end(data?: Uint8Array): void {
    if (data !== undefined) this.sentBytes += data.byteLength
    this.stream.end(data)
  }

  endWithTrailers(trailers: ResponseBlock): void {
    this.stream.sendTrailers(trailers.http2)
  }

  reset(code: number): void {
    this.stream.reset(code)
  }

  release(): void {
    this.stream.release()
  }

  /** For clients only. */
  onHead(): void {}

  onReadable(): void {
    this.sink?.onReadable()
  }

  onWritable(): void {
    this.sink?.onWritable()
  }

  onReset(_stream: Http2Stream, reset: StreamReset): void {
    this.sink?.onReset(reset)
  }
}
