/** A gRPC call of one message that is answered by many, made by the client itself on a connection of its choice. */
import { Code, ConnectError } from '@connectrpc/connect'
import { EnvelopeFlag, envelop } from '../../../wire/envelope.ts'
import { AS_OCTETS, EnvelopeReader } from '../../../wire/envelope-reader.ts'
import {
  ErrorCode,
  type HeaderSource,
  type Http2Stream,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
} from '../../../wire/http2/http2.ts'
import { errorOfHttpStatus, errorOfReset, errorOfTrailers, fieldValue } from '../../../wire/read-status.ts'
import { overLimits } from '../contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'

/** What is asked, and who is told the answers. */
export interface ServerStreamInit {
  readonly head: HeaderSource
  /** The request message, encoded. */
  readonly message: Uint8Array
  /** An answer, encoded. What it throws ends the call. */
  onMessage(data: Uint8Array): void
  /** The call is over; null: the server ended it with OK. Not after `cancel`, and not when the connection was lost. */
  onEnd(error: ConnectError | null): void
}

/** The largest answer: what clients ask by themselves is short. */
const MAX_MESSAGE_BYTES = 65_536

/** One such call. */
export class ServerStream implements StreamSink {
  readonly #init: ServerStreamInit
  #stream: Http2Stream | null = null
  #head: ResponseHead | null = null
  #reader: EnvelopeReader<Uint8Array> | null = null
  #isOver = false

  constructor(init: ServerStreamInit) {
    this.#init = init
  }

  /** Sends the request; only while the connection can take one. Throws HeaderListTooLargeError. */
  start(connection: SubchannelConnection): void {
    const { head, message } = this.#init
    this.#stream = connection.request(head, this)
    this.#stream.end(envelop(EnvelopeFlag.NONE, message))
  }

  /** Nothing is told any more; the server is. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream?.reset(ErrorCode.CANCEL)
  }

  onHead(stream: Http2Stream, head: ResponseHead): void {
    if (this.#isOver) return
    const fault = headFault(head)
    if (fault !== null) {
      this.#abandon(fault)
      return
    }
    this.#head = head
    this.#reader = new EnvelopeReader(stream, {
      maxBytes: MAX_MESSAGE_BYTES,
      compression: null,
      decoder: AS_OCTETS,
      truncatedCode: Code.Internal,
    })
    this.onReadable(stream)
  }

  onReadable(stream: Http2Stream): void {
    try {
      while (!this.#isOver && this.#reader?.poll() === true) this.#takeFrom(this.#reader, stream)
    } catch (error) {
      this.#abandon(ConnectError.from(error, Code.Internal))
    }
  }

  onWritable(): void {}

  /** Of a connection that is lost or leaving its owner hears by himself. */
  onReset(_stream: Http2Stream, reset: StreamReset): void {
    if (reset.source === 'connection') this.#isOver = true
    else this.#end(errorOfReset(reset))
  }

  #takeFrom(reader: EnvelopeReader<Uint8Array>, stream: Http2Stream): void {
    if (reader.isAtEnd) {
      this.#end(this.#readStatus(stream))
      return
    }
    const data = reader.take()
    // Nothing compressed was asked for, so nothing has to be waited for.
    if (!(data instanceof Promise)) this.#init.onMessage(data)
  }

  #readStatus({ trailers }: Http2Stream): ConnectError | null {
    const error = errorOfTrailers(trailers ?? this.#head?.fields ?? [])
    return error === undefined ? errorOfHttpStatus(this.#head?.status ?? 0) : error
  }

  #abandon(error: ConnectError): void {
    this.#stream?.reset(ErrorCode.CANCEL)
    this.#end(error)
  }

  #end(error: ConnectError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#init.onEnd(error)
  }
}

/** What makes an answer none of gRPC; what its body is shows when it is read. */
function headFault(head: ResponseHead): ConnectError | null {
  if (head.isTooLarge) return overLimits('headers')
  const isGrpc = head.status === 200 || fieldValue(head.fields, 'grpc-status') !== undefined
  return isGrpc ? null : errorOfHttpStatus(head.status)
}
