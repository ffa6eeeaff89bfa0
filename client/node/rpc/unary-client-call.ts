/** A call with one message in each direction: one write, one read, one promise. */
import type { Buffer } from 'node:buffer'
import type { DescMethodUnary, Message } from '@bufbuild/protobuf'
import { Code, ConnectError, type UnaryResponse } from '@connectrpc/connect'
import { toHeaders } from '../../../wire/read-status.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import type { Attempt } from './attempt.ts'
import { answerError, toCallError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import { ClientCall, MAX_REPLAY_BYTES } from './client-call.ts'
import type { RequestMessage } from './compress-message.ts'

type Resolve = (response: UnaryResponse) => void
type Reject = (error: ConnectError) => void

/** Waits for the whole response, then reads it. */
export class UnaryClientCall extends ClientCall {
  readonly #envelope: Buffer
  readonly #resolve: Resolve
  readonly #reject: Reject
  #message: RequestMessage | null = null
  #output: Message | null = null

  /** @param envelope the message in its envelope */
  constructor(init: CallInit, envelope: Buffer, resolve: Resolve, reject: Reject) {
    super(init)
    this.#envelope = envelope
    this.#resolve = resolve
    this.#reject = reject
  }

  override send(attempt: Attempt, connection: SubchannelConnection): void {
    const message = this.#message
    if (message === null) return
    attempt.sendOne(connection, message)
    attempt.readAll()
    if (message.envelope.length > MAX_REPLAY_BYTES) this.settleOn(attempt)
  }

  override onWritable(): void {}

  override onReadable(attempt: Attempt): void {
    if (this.isOver) return
    const error = attempt.readStatus()
    if (error !== null) this.endWith(attempt, error)
    else this.#read(attempt)
  }

  /** The message is kept until the call ends, so it can be sent again whatever its size. */
  protected override get canReplay(): boolean {
    return true
  }

  protected override prepare(): void {
    const message = this.compress(this.#envelope)
    if (message instanceof Promise) void this.#sendLater(message)
    else this.#send(message)
  }

  protected override answer(): void {}

  protected override finish(error: ConnectError | null): void {
    const [attempt] = this.attempts
    const { method } = this.init.plan
    if (error === null && this.#output !== null && attempt !== undefined) {
      this.#resolve(new UnaryAnswer(method as DescMethodUnary, this.#output, attempt))
    } else {
      this.#reject(error ?? new ConnectError('the call ended without an answer', Code.Internal))
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
      this.cancel(toCallError(error, Code.Internal))
    }
  }

  #read(attempt: Attempt): void {
    try {
      const message = attempt.takeOnly()
      if (message instanceof Promise) void this.#readLater(attempt, message)
      else this.#succeed(attempt, message)
    } catch (error) {
      this.endWith(attempt, answerError(error))
    }
  }

  async #readLater(attempt: Attempt, message: Promise<Message>): Promise<void> {
    try {
      this.#succeed(attempt, await message)
    } catch (error) {
      this.endWith(attempt, answerError(error))
    }
  }

  #succeed(attempt: Attempt, message: Message): void {
    if (this.isOver) return
    this.#output = message
    this.endWith(attempt, null)
  }
}

/** Converts metadata to `Headers` on demand, as most callers never read it. */
class UnaryAnswer implements UnaryResponse {
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
    this.#header ??= toHeaders(this.#attempt.headers)
    return this.#header
  }

  get trailer(): Headers {
    this.#trailer ??= toHeaders(this.#attempt.trailers ?? [])
    return this.#trailer
  }
}
