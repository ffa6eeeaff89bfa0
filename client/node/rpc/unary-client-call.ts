/** A call with one message each way: one write, one read, one promise. */
import type { DescMethodUnary, Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type UnaryResponse } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES, envelop } from '../../../wire/envelope.ts'
import { EnvelopeReader, tooLarge } from '../../../wire/envelope-reader.ts'
import type { Http2Stream, ResponseHead } from '../../../wire/http2/http2.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import { messageFlags } from '../../../wire/write-envelope.ts'
import { answerError } from './answer-error.ts'
import { type CallInit, ClientCall } from './client-call.ts'
import type { RequestMessage } from './compress-message.ts'

/** Calls a unary method with its encoded message. */
export function callUnary(init: CallInit, message: RequestMessage): Promise<UnaryResponse> {
  return new Promise((resolve, reject) => new UnaryClientCall(init, message, { resolve, reject }).start())
}

interface Outcome {
  resolve(response: UnaryResponse): void
  reject(error: ConnectError): void
}

/** Everything that the server has to say is waited for, then read at once. */
class UnaryClientCall extends ClientCall {
  readonly #message: RequestMessage
  readonly #outcome: Outcome
  #output: Message | null = null

  constructor(init: CallInit, message: RequestMessage, outcome: Outcome) {
    super(init)
    this.#message = message
    this.#outcome = outcome
  }

  start(): void {
    this.begin()
  }

  onWritable(): void {}

  onReadable(stream: Http2Stream): void {
    if (this.isOver) return
    const { maxReceiveBytes } = this.init.plan.settings
    if (!stream.isPeerDone) {
      this.cancel(tooLarge(stream.readableBytes, maxReceiveBytes))
      return
    }
    const error = this.readStatus(stream)
    if (error !== null) this.endWithStatus(stream, error)
    else this.#read(stream)
  }

  protected override get canReplay(): boolean {
    return true
  }

  protected override send(stream: Http2Stream): void {
    stream.end(envelop(messageFlags(this.#message.isCompressed), this.#message.data))
    stream.want(ENVELOPE_PREFIX_BYTES + this.init.plan.settings.maxReceiveBytes + 1)
  }

  protected override onAnswer(): void {}

  protected override finish(error: ConnectError | null): void {
    if (error !== null || this.#output === null || this.head === null || this.stream === null) {
      this.#outcome.reject(error ?? new ConnectError('the call ended without an answer', Code.Internal))
      return
    }
    this.#outcome.resolve(responseOf(this.init.plan.method as DescMethodUnary, this.#output, this.head, this.stream))
  }

  #read(stream: Http2Stream): void {
    try {
      const data = this.#takeOnly(stream)
      if (data instanceof Promise) void this.#readLater(stream, data)
      else this.#succeed(stream, data)
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  async #readLater(stream: Http2Stream, inflating: Promise<Uint8Array>): Promise<void> {
    try {
      this.#succeed(stream, await inflating)
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  #takeOnly(stream: Http2Stream): Uint8Array | Promise<Uint8Array> {
    const compression = this.head === null ? null : this.responseCompression(this.head)
    const maxBytes = this.init.plan.settings.maxReceiveBytes
    const reader = new EnvelopeReader(stream, { maxBytes, compression, truncatedCode: Code.Internal })
    reader.pollOnly()
    return reader.take()
  }

  #succeed(stream: Http2Stream, data: Uint8Array): void {
    if (this.isOver) return
    this.#output = this.init.plan.codec.decode(data)
    this.endWithStatus(stream, null)
  }
}

/** Metadata becomes `Headers` when somebody looks at it: most callers never do. */
function responseOf(method: DescMethodUnary, message: Message, head: ResponseHead, stream: Http2Stream): UnaryResponse {
  let header: Headers | undefined
  let trailer: Headers | undefined
  return {
    stream: false,
    service: method.parent,
    method,
    message,
    get header() {
      header ??= toHeaders(head.fields)
      return header
    },
    get trailer() {
      trailer ??= toHeaders(stream.trailers ?? [])
      return trailer
    },
  }
}
