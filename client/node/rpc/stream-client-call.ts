/** A call with any number of messages each way. */
import { create, type DescMethodStreaming, type Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type StreamResponse } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES, writeEnvelope } from '../../../wire/envelope.ts'
import { EnvelopeReader, type MessageDecoder, type MessageReader } from '../../../wire/envelope-reader.ts'
import type { Http2Stream, ResponseHead } from '../../../wire/http2/http2.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import { answerError } from './answer-error.ts'
import type { Attempt } from './attempt.ts'
import { leftError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import { ClientCall, MAX_REPLAY_BYTES } from './client-call.ts'
import { compressMessage, type RequestMessage } from './compress-message.ts'
import { leaveMessages, type RequestInput } from './request-messages.ts'
import { responseCompression } from './response-compression.ts'
import { StatusReader } from './status-reader.ts'

/** Calls a streaming method. Resolves with the head of the answer; messages go out meanwhile. */
export function callStream(init: CallInit, input: RequestInput): Promise<StreamResponse> {
  return new Promise((resolve, reject) => new StreamClientCall(init, input, { resolve, reject }).start())
}

interface Outcome {
  resolve(response: StreamResponse): void
  reject(error: ConnectError): void
}

/** Messages are read when they are asked for; until then they stay with the transport, whose window holds the server. */
class StreamClientCall extends ClientCall {
  readonly #input: ReturnType<RequestInput[typeof Symbol.asyncIterator]>
  readonly #outcome: Outcome
  readonly #trailer = new Headers()
  #output: MessageStream<Message> | null = null
  /** What was sent, as long as another attempt may need it; null: there will be none. */
  #replay: RequestMessage[] | null = []
  #replayBytes = 0
  #isSending = false
  #isInputDone = false
  #onWritable: (() => void) | null = null

  constructor(init: CallInit, input: RequestInput, outcome: Outcome) {
    super(init)
    this.#input = input[Symbol.asyncIterator]()
    this.#outcome = outcome
  }

  start(): void {
    this.begin()
  }

  override onReadable(): void {
    this.#output?.onReadable()
  }

  override onWritable(): void {
    this.#onWritable?.()
    this.#onWritable = null
  }

  override onStream(attempt: Attempt, stream: Http2Stream): void {
    for (const message of this.#replay ?? []) writeMessage(attempt, stream, message)
    this.#stopKeepingTooMuch()
    if (this.#isInputDone) stream.end()
    else if (!this.#isSending) void this.#sendAll()
    this.onWritable()
  }

  protected override get canReplay(): boolean {
    return this.#replay !== null
  }

  protected override prepare(): void {
    this.startAttempts()
  }

  protected override answer(attempt: Attempt, head: ResponseHead): void {
    const { stream } = attempt
    this.#replay = null
    if (stream === null) return
    try {
      const reader = this.#readerOf(attempt, stream, head)
      this.#output = new ResponseMessages(reader, (error) => this.cancel(error))
      this.#outcome.resolve(this.#responseOf(head, this.#output))
    } catch (error) {
      this.cancel(answerError(error))
    }
  }

  protected override finish(error: ConnectError | null): void {
    this.onWritable()
    leaveMessages(this.#input, error)
    if (error === null) return
    this.#output?.fail(error)
    this.#outcome.reject(error)
  }

  /** Goes on over attempts: messages are made once. */
  async #sendAll(): Promise<void> {
    const { method, codec, settings } = this.init.plan
    this.#isSending = true
    try {
      for (;;) {
        const next = await this.#input.next()
        if (this.isOver) return
        if (next.done === true) break
        const data = codec.encode(create(method.input, next.value) as Message)
        const compressing = compressMessage(data, this.settings.maxSendBytes, settings)
        const message = compressing instanceof Promise ? await compressing : compressing
        if (this.isOver) return
        if (!this.#write(message)) await this.#waitForRoom()
      }
      this.#isInputDone = true
      for (const { stream } of this.attempts) stream?.end()
    } catch (error) {
      this.cancel(ConnectError.from(error, Code.Internal))
    }
  }

  /** Goes to all attempts, at the pace of the fastest. Those without a stream are sent what was kept, once they have one. */
  #write(message: RequestMessage): boolean {
    this.#replay?.push(message)
    this.#replayBytes += ENVELOPE_PREFIX_BYTES + message.data.byteLength
    let hasRoom = false
    for (const attempt of this.attempts) {
      if (attempt.stream !== null && writeMessage(attempt, attempt.stream, message)) hasRoom = true
    }
    this.#stopKeepingTooMuch()
    return hasRoom
  }

  /** The attempt that has sent most is then the only one (gRFC A6). While there is none, nothing may be forgotten. */
  #stopKeepingTooMuch(): void {
    if (this.#replay === null || this.#replayBytes <= MAX_REPLAY_BYTES) return
    const furthest = findFurthest(this.attempts)
    if (furthest === null) return
    this.#replay = null
    this.settleOn(furthest)
  }

  #waitForRoom(): Promise<void> {
    if (this.isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }

  #readerOf(attempt: Attempt, stream: Http2Stream, head: ResponseHead): MessageReader<Message> {
    const { codec, settings } = this.init.plan
    const reader: EnvelopeReader<Message> = new EnvelopeReader(stream, {
      maxBytes: this.settings.maxReceiveBytes,
      compression: responseCompression(head, settings.acceptCompression),
      decoder: attempt.trace === null ? codec : countingDecoder(codec, attempt.trace, () => reader.receivedBytes),
      truncatedCode: Code.Internal,
    })
    return new StatusReader(reader, () => this.#atEnd(attempt, stream, reader.receivedBytes > 0))
  }

  /** The messages are read: the status follows. Throws what it says. */
  #atEnd(attempt: Attempt, stream: Http2Stream, hasBody: boolean): void {
    if (this.isOver) return
    const error = attempt.readStatus(hasBody)
    for (const { name, value } of stream.trailers ?? []) this.#trailer.append(name, value)
    this.endWithStatus(attempt, error)
    if (error !== null) throw error
  }

  #responseOf(head: ResponseHead, message: MessageStream<Message>): StreamResponse {
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

/** False: no room for more, for now. */
function writeMessage({ trace }: Attempt, stream: Http2Stream, message: RequestMessage): boolean {
  trace?.onSent(message.data.byteLength, message.plainBytes)
  return writeEnvelope(stream, message.data, message.isCompressed)
}

/** Reports the size of each message, as it was on the wire and as it is now. */
function countingDecoder(
  codec: MessageDecoder<Message>,
  trace: NonNullable<Attempt['trace']>,
  receivedBytes: () => number,
): MessageDecoder<Message> {
  let seenBytes = 0
  return {
    decode(data) {
      const wireBytes = receivedBytes() - seenBytes - ENVELOPE_PREFIX_BYTES
      seenBytes = receivedBytes()
      trace.onReceived(wireBytes, data.byteLength)
      return codec.decode(data)
    },
  }
}

function findFurthest(attempts: readonly Attempt[]): Attempt | null {
  let furthest: Attempt | null = null
  for (const attempt of attempts) {
    if (attempt.stream === null) continue
    if (attempt.stream.sentBytes > (furthest?.stream?.sentBytes ?? -1)) furthest = attempt
  }
  return furthest
}

/** Ends the call when the application stops reading, and when there is nothing that could be read on. */
class ResponseMessages extends MessageStream<Message> {
  readonly #cancel: (error: ConnectError) => void

  constructor(reader: MessageReader<Message>, cancel: (error: ConnectError) => void) {
    super(reader)
    this.#cancel = cancel
  }

  override return(): Promise<IteratorResult<Message, undefined>> {
    const result = super.return()
    this.#cancel(leftError())
    return result
  }

  protected override onBroken(error: unknown): ConnectError {
    const fault = answerError(error)
    this.#cancel(fault)
    return fault
  }
}
