/** A call with one message each way: one write, one read, one promise. */
import type { DescMethodUnary, Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type UnaryResponse } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES, envelop, messageFlags } from '../../../wire/envelope.ts'
import { AS_OCTETS, EnvelopeReader } from '../../../wire/envelope-reader.ts'
import type { Http2Stream } from '../../../wire/http2/http2.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import { answerError } from './answer-error.ts'
import type { Attempt } from './attempt.ts'
import type { CallInit } from './call-init.ts'
import { ClientCall, MAX_REPLAY_BYTES } from './client-call.ts'
import { compressMessage, type RequestMessage } from './compress-message.ts'
import { responseCompression } from './response-compression.ts'

/** Calls a unary method with its encoded message. */
export function callUnary(init: CallInit, data: Uint8Array): Promise<UnaryResponse> {
  return new Promise((resolve, reject) => new UnaryClientCall(init, data, { resolve, reject }).start())
}

interface Outcome {
  resolve(response: UnaryResponse): void
  reject(error: ConnectError): void
}

/** Everything that the server has to say is waited for, then read at once. */
class UnaryClientCall extends ClientCall {
  readonly #data: Uint8Array
  readonly #outcome: Outcome
  #message: RequestMessage | null = null
  #output: Message | null = null

  constructor(init: CallInit, data: Uint8Array, outcome: Outcome) {
    super(init)
    this.#data = data
    this.#outcome = outcome
  }

  start(): void {
    this.begin()
  }

  override onStream(attempt: Attempt, stream: Http2Stream): void {
    const message = this.#message
    if (message === null) return
    stream.end(envelop(messageFlags(message.isCompressed), message.data))
    stream.want(ENVELOPE_PREFIX_BYTES + this.settings.maxReceiveBytes + 1)
    attempt.trace?.onSent(message.data.byteLength, message.plainBytes)
    if (ENVELOPE_PREFIX_BYTES + message.data.byteLength > MAX_REPLAY_BYTES) this.settleOn(attempt)
  }

  override onWritable(): void {}

  override onReadable(attempt: Attempt, stream: Http2Stream): void {
    if (this.isOver) return
    // What is there and not the end is more than a message may be: reading it says so.
    const error = stream.isPeerDone ? attempt.readStatus(stream.readableBytes > 0) : null
    if (error !== null) this.endWithStatus(attempt, error)
    else this.#read(attempt, stream)
  }

  /** The message is there as long as the call: what no server has looked at is sent again at any size. */
  protected override get canReplay(): boolean {
    return true
  }

  protected override prepare(): void {
    try {
      const message = compressMessage(this.#data, this.settings.maxSendBytes, this.init.plan.settings)
      if (message instanceof Promise) void this.#sendLater(message)
      else this.#send(message)
    } catch (error) {
      this.cancel(ConnectError.from(error, Code.Internal))
    }
  }

  protected override answer(): void {}

  protected override finish(error: ConnectError | null): void {
    const [attempt] = this.attempts
    const { method } = this.init.plan
    if (error === null && this.#output !== null && attempt !== undefined) {
      this.#outcome.resolve(new UnaryAnswer(method as DescMethodUnary, this.#output, attempt))
    } else {
      this.#outcome.reject(error ?? new ConnectError('the call ended without an answer', Code.Internal))
    }
  }

  #send(message: RequestMessage): void {
    this.#message = message
    this.startAttempts()
  }

  async #sendLater(compressing: Promise<RequestMessage>): Promise<void> {
    try {
      this.#send(await compressing)
    } catch (error) {
      this.cancel(ConnectError.from(error, Code.Internal))
    }
  }

  #read(attempt: Attempt, stream: Http2Stream): void {
    const wireBytes = stream.readableBytes - ENVELOPE_PREFIX_BYTES
    try {
      const data = this.#takeOnly(attempt, stream)
      if (data instanceof Promise) void this.#readLater(attempt, data, wireBytes)
      else this.#succeed(attempt, data, wireBytes)
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  async #readLater(attempt: Attempt, inflating: Promise<Uint8Array>, wireBytes: number): Promise<void> {
    try {
      this.#succeed(attempt, await inflating, wireBytes)
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  #takeOnly({ head }: Attempt, stream: Http2Stream): Uint8Array | Promise<Uint8Array> {
    const { acceptCompression } = this.init.plan.settings
    const reader = new EnvelopeReader(stream, {
      maxBytes: this.settings.maxReceiveBytes,
      compression: head === null ? null : responseCompression(head, acceptCompression),
      decoder: AS_OCTETS,
      truncatedCode: Code.Internal,
    })
    reader.pollOnly()
    return reader.take()
  }

  #succeed(attempt: Attempt, data: Uint8Array, wireBytes: number): void {
    if (this.isOver) return
    attempt.trace?.onReceived(wireBytes, data.byteLength)
    this.#output = this.init.plan.codec.decode(data)
    this.endWithStatus(attempt, null)
  }
}

/** Metadata becomes `Headers` when somebody looks at it: most callers never do. */
class UnaryAnswer {
  readonly stream = false
  readonly method: DescMethodUnary
  readonly message: Message
  readonly #attempt: Attempt
  #header: Headers | undefined
  #trailer: Headers | undefined

  constructor(method: DescMethodUnary, message: Message, attempt: Attempt) {
    this.method = method
    this.message = message
    this.#attempt = attempt
  }

  get service(): DescMethodUnary['parent'] {
    return this.method.parent
  }

  get header(): Headers {
    this.#header ??= toHeaders(this.#attempt.head?.fields ?? [])
    return this.#header
  }

  get trailer(): Headers {
    this.#trailer ??= toHeaders(this.#attempt.stream?.trailers ?? [])
    return this.#trailer
  }
}
