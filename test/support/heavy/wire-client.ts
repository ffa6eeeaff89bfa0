/** gRPC calls over our own HTTP/2 client session, in any number. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  createClientSession,
  type EncodableField,
  type Http2Session,
  type Http2Stream,
  headerField,
  normalizeHttp2Options,
  type StreamReset,
  type StreamSink,
} from '../../../wire/http2/http2.ts'

const OPTIONS = normalizeHttp2Options('client')
const CANCEL = 8

/** One call, which records only the size of its response. */
export class WireCall implements StreamSink {
  readonly stream: Http2Stream
  /** Bytes of the response body so far. */
  bytes = 0
  /** Settles with grpc-status, or rejects if the call broke. */
  readonly ended: Promise<string>
  readonly #ended = Promise.withResolvers<string>()
  #status: string | undefined
  #resume: (() => void) | undefined

  constructor(session: Http2Session, fields: readonly EncodableField[]) {
    this.ended = this.#ended.promise
    // A cancelled call is not awaited.
    this.ended.catch(() => {})
    this.stream = session.request(fields, this)
    if (this.stream.want(1)) this.onReadable(this.stream)
  }

  /** Sends a piece, once there is room for it. */
  async send(data: Uint8Array): Promise<void> {
    if (this.stream.write(data)) return
    await Promise.race([new Promise<void>((resolve) => (this.#resume = resolve)), this.ended])
  }

  /** Sends the last piece, and waits for the end. */
  finish(data?: Uint8Array): Promise<string> {
    this.stream.end(data)
    return this.ended
  }

  cancel(): void {
    this.stream.reset(CANCEL)
  }

  onHead(_stream: Http2Stream, head: { get(name: string): string | undefined }): void {
    this.#status = head.get('grpc-status')
  }

  onReadable(stream: Http2Stream): void {
    do {
      const there = stream.readableBytes
      this.bytes += there
      if (there > 0) stream.read(there)
    } while (!stream.isPeerDone && stream.want(1))
    if (!stream.isPeerDone) return
    const trailer = stream.trailers?.find(({ name }) => name === 'grpc-status')
    this.#ended.resolve(trailer?.value ?? this.#status ?? 'none')
  }

  onWritable(): void {
    this.#resume?.()
  }

  onReset(_stream: Http2Stream, { reason, source }: StreamReset): void {
    this.#ended.reject(new Error(`reset by ${source}: ${reason}`))
  }
}

/** One connection. */
export class WireClient {
  readonly session: Http2Session
  /** Settles once it is over. */
  readonly closed: Promise<Error | undefined>
  readonly #socket: Socket
  readonly #pings: (() => void)[] = []

  private constructor(socket: Socket, onReady: () => void) {
    const closed = Promise.withResolvers<Error | undefined>()
    this.#socket = socket
    this.closed = closed.promise
    this.session = createClientSession(socket, OPTIONS, {
      onSettings: onReady,
      onPingAck: () => this.#pings.shift()?.(),
      onClose: (_session, error) => closed.resolve(error),
    })
  }

  /** Ready for calls. */
  static async connect(port: number): Promise<WireClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    const ready = Promise.withResolvers<void>()
    const client = new WireClient(socket, ready.resolve)
    client.session.start()
    await Promise.race([ready.promise, client.closed])
    return client
  }

  /** Begins a call. */
  open(path: string, fields: readonly EncodableField[] = []): WireCall {
    const { remotePort = 0 } = this.#socket
    return new WireCall(this.session, [
      headerField(':method', 'POST'),
      headerField(':scheme', 'http'),
      headerField(':path', path),
      headerField(':authority', `127.0.0.1:${remotePort}`),
      headerField('content-type', 'application/grpc'),
      headerField('te', 'trailers'),
      ...fields,
    ])
  }

  /** Resolves on the PING ACK: the server has then read everything sent before. */
  async roundTrip(): Promise<void> {
    const back = new Promise<void>((resolve) => this.#pings.push(resolve))
    this.session.ping()
    await Promise.race([back, this.closed])
  }

  /** Closes, and waits until the connection is closed. */
  async close(): Promise<void> {
    this.session.destroy(0)
    await this.closed
    this.#socket.destroy()
  }
}
