/** The response of a streaming call. */
import type { DescMethodStreaming, Message } from '@bufbuild/protobuf'
import type { ConnectError, StreamResponse } from '@connectrpc/connect'
import { MessageStream } from '../../../wire/message-stream.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import type { Attempt } from './attempt.ts'
import { answerError } from './call-errors.ts'
import { type EndOfMessages, StatusReader } from './status-reader.ts'

/** The call of a response. */
export interface AnsweredCall extends EndOfMessages {
  /** The application has stopped reading. */
  onLeft(): void
  /** The response cannot be read any further. */
  onBroken(error: ConnectError): void
}

/** Also its messages, so that a call in flight needs one object. Converts metadata to `Headers` on demand, as most callers never read it. */
export class StreamAnswer extends MessageStream<Message> implements StreamResponse {
  readonly stream = true
  readonly method: DescMethodStreaming
  readonly #attempt: Attempt
  readonly #call: AnsweredCall
  #header: Headers | undefined
  #trailer: Headers | undefined
  #hasTrailers = false

  constructor(call: AnsweredCall, attempt: Attempt, method: DescMethodStreaming) {
    super(new StatusReader(attempt.createReader(), call))
    this.method = method
    this.#attempt = attempt
    this.#call = call
  }

  get service(): DescMethodStreaming['parent'] {
    return this.method.parent
  }

  get message(): this {
    return this
  }

  get header(): Headers {
    this.#header ??= toHeaders(this.#attempt.headers)
    return this.#header
  }

  /** The same object before and after the last message, which comes with its fields. */
  get trailer(): Headers {
    this.#trailer ??= toHeaders(this.#hasTrailers ? (this.#attempt.trailers ?? []) : [])
    return this.#trailer
  }

  /** Called when the trailers have arrived, after the last message. */
  onTrailers(): void {
    this.#hasTrailers = true
    if (this.#trailer === undefined) return
    for (const { name, value } of this.#attempt.trailers ?? []) this.#trailer.append(name, value)
  }

  override return(): Promise<IteratorResult<Message, undefined>> {
    const result = super.return()
    this.#call.onLeft()
    return result
  }

  protected override onBroken(error: unknown): ConnectError {
    const fault = answerError(error)
    this.#call.onBroken(fault)
    return fault
  }
}
