/** A server-streaming gRPC call of the client itself, on a given connection. */
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

/** The request, and the callbacks for its responses. */
export interface ServerStreamInit {
  readonly head: HeaderSource
  /** The encoded request message. */
  readonly message: Uint8Array
  /** An encoded response message. An error thrown here ends the call. */
  onMessage(data: Uint8Array): void
  /** The call has ended; `error` is null for OK. Not called after `cancel`, or when the connection was lost. */
  onEnd(error: ConnectError | null): void
}

/** Maximum size of a response message, which is short for such requests. */
const MAX_MESSAGE_BYTES = 65_536

/** The call. */
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

  /** Cancels the call, and calls nothing any more. */
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

  /** Handles a reset. The owner of a connection notices itself that it is lost or leaving. */
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
    // The request accepts no compression, so decoding is synchronous.
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

/** Returns why a response is not gRPC, judged by its head, or null. */
function headFault(head: ResponseHead): ConnectError | null {
  if (head.isTooLarge) return overLimits('headers')
  const isGrpc = head.status === 200 || fieldValue(head.fields, 'grpc-status') !== undefined
  return isGrpc ? null : errorOfHttpStatus(head.status)
}
