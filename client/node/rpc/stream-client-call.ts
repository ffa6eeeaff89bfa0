/** A call with any number of messages each way. */
import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type Message,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import { Code, ConnectError, type StreamResponse } from '@connectrpc/connect'
import { EnvelopeReader, type MessageReader } from '../../../wire/envelope-reader.ts'
import type { Http2Stream, ResponseHead } from '../../../wire/http2/http2.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import { writeEnvelope } from '../../../wire/write-envelope.ts'
import { answerError } from './answer-error.ts'
import { encodeMessage } from './call-plan.ts'
import { type CallInit, ClientCall } from './client-call.ts'
import { compressMessage, type RequestMessage } from './compress-message.ts'
import { StatusReader } from './status-reader.ts'

type Input = AsyncIterable<MessageInitShape<DescMessage>>

/** Calls a streaming method. Resolves with the head of the answer; messages go out meanwhile. */
export function callStream(init: CallInit, input: Input): Promise<StreamResponse> {
  return new Promise((resolve, reject) => new StreamClientCall(init, input, { resolve, reject }).start())
}

interface Outcome {
  resolve(response: StreamResponse): void
  reject(error: ConnectError): void
}

/** What is kept of a call for another attempt; one that sends more is committed to the attempt under way (as grpc-go). */
const MAX_REPLAY_BYTES = 262_144

/** Messages are read when they are asked for; until then they stay with the transport, whose window holds the server. */
class StreamClientCall extends ClientCall {
  readonly #input: AsyncIterator<MessageInitShape<DescMessage>>
  readonly #outcome: Outcome
  readonly #trailer = new Headers()
  #output: MessageStream | null = null
  /** What was sent, as long as another attempt may need it; null: the call is committed to this one. */
  #replay: RequestMessage[] | null = []
  #replayBytes = 0
  #isSending = false
  #isInputDone = false
  #onWritable: (() => void) | null = null

  constructor(init: CallInit, input: Input, outcome: Outcome) {
    super(init)
    this.#input = input[Symbol.asyncIterator]()
    this.#outcome = outcome
  }

  start(): void {
    this.begin()
  }

  onReadable(): void {
    this.#output?.onReadable()
  }

  onWritable(): void {
    this.#onWritable?.()
    this.#onWritable = null
  }

  protected override get canReplay(): boolean {
    return this.#replay !== null
  }

  protected override send(stream: Http2Stream): void {
    for (const { data, isCompressed } of this.#replay ?? []) writeEnvelope(stream, data, isCompressed)
    if (this.#isInputDone) stream.end()
    else if (!this.#isSending) void this.#sendAll()
    this.onWritable()
  }

  protected override onAnswer(head: ResponseHead): void {
    const { stream } = this
    this.#replay = null
    if (stream === null) return
    try {
      const reader = this.#readerOf(stream, head)
      this.#output = new ResponseMessages(reader, this.init.plan.codec, () => this.cancel(leftError()))
      this.#outcome.resolve(this.#responseOf(head, this.#output))
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  protected override finish(error: ConnectError | null): void {
    this.onWritable()
    // Whoever makes the messages is not waited for: it may be waiting for something itself.
    this.#input.return?.().catch(() => {})
    if (error === null) return
    this.#output?.fail(error)
    this.#outcome.reject(error)
  }

  /** Goes on over attempts: messages are made once. */
  async #sendAll(): Promise<void> {
    const { plan } = this.init
    this.#isSending = true
    try {
      for (;;) {
        const next = await this.#input.next()
        if (this.isOver) return
        if (next.done === true) break
        const data = encodeMessage(plan, create(plan.method.input, next.value) as Message)
        const compressing = compressMessage(data, plan.settings)
        const message = compressing instanceof Promise ? await compressing : compressing
        if (!this.#write(message)) await this.#waitForRoom()
      }
      this.#isInputDone = true
      this.stream?.end()
    } catch (error) {
      this.cancel(ConnectError.from(error, Code.Internal))
    }
  }

  /** Between two attempts there is no stream: the next one is sent what was kept. */
  #write(message: RequestMessage): boolean {
    this.#keep(message)
    return this.stream !== null && writeEnvelope(this.stream, message.data, message.isCompressed)
  }

  #keep(message: RequestMessage): void {
    if (this.#replay === null) return
    this.#replayBytes += message.data.byteLength
    if (this.#replayBytes <= MAX_REPLAY_BYTES) this.#replay.push(message)
    else this.#replay = null
  }

  #waitForRoom(): Promise<void> {
    if (this.isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }

  #readerOf(stream: Http2Stream, head: ResponseHead): MessageReader {
    const reader = new EnvelopeReader(stream, {
      maxBytes: this.init.plan.settings.maxReceiveBytes,
      compression: this.responseCompression(head),
      truncatedCode: Code.Internal,
    })
    return new StatusReader(reader, {
      onEnd: () => this.#atEnd(stream),
      onFault: (error) => this.cancel(error),
    })
  }

  /** The messages are read: the status follows. Throws what it says. */
  #atEnd(stream: Http2Stream): void {
    if (this.isOver) return
    const error = this.readStatus(stream)
    for (const { name, value } of stream.trailers ?? []) this.#trailer.append(name, value)
    this.endWithStatus(stream, error)
    if (error !== null) throw error
  }

  #responseOf(head: ResponseHead, message: MessageStream): StreamResponse {
    const method = this.init.plan.method as DescMethodStreaming
    return {
      stream: true,
      service: method.parent,
      method,
      header: toHeaders(head.fields),
      trailer: this.#trailer,
      message,
    }
  }
}

/** Ends the call when the application stops reading. */
class ResponseMessages extends MessageStream {
  readonly #onLeft: () => void

  constructor(...[reader, codec, onLeft]: [...ConstructorParameters<typeof MessageStream>, () => void]) {
    super(reader, codec)
    this.#onLeft = onLeft
  }

  override return(): Promise<IteratorResult<Message, undefined>> {
    const result = super.return()
    this.#onLeft()
    return result
  }
}

function leftError(): ConnectError {
  return new ConnectError('the caller has stopped reading', Code.Canceled)
}
