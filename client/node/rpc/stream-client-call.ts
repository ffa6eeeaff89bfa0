/** A call with any number of messages in each direction. */
import type { DescMessage, DescMethodStreaming, Message, MessageInitShape } from '@bufbuild/protobuf'
import { Code, type ConnectError, type StreamResponse } from '@connectrpc/connect'
import type { EncodedMessage } from '../../../wire/codec/encode/message-encoder.ts'
import { envelopeOf } from '../../../wire/envelope.ts'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import type { Attempt } from './attempt.ts'
import { answerError, leftError, toCallError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import { ClientCall, MAX_REPLAY_BYTES } from './client-call.ts'
import { checkSendSize, type RequestMessage } from './compress-message.ts'
import { checkedResult, iteratorOf, leaveMessages, type RequestInput } from './message-iterators.ts'
import { StatusReader } from './status-reader.ts'

type Resolve = (response: StreamResponse) => void
type Reject = (error: ConnectError) => void

/** Reads messages on demand. Unread ones stay in the transport, whose flow control stops the server. */
export class StreamClientCall extends ClientCall {
  readonly #input: AsyncIterator<MessageInitShape<DescMessage>>
  readonly #resolve: Resolve
  readonly #reject: Reject
  readonly #trailer = new Headers()
  #output: MessageStream<Message> | null = null
  /** The sent messages, while another attempt may need them; null once there can be none. */
  #replay: RequestMessage[] | null = []
  #replayBytes = 0
  #isSending = false
  #isInputDone = false
  #hasStarted = false
  #onWritable: (() => void) | null = null

  /** @throws the error of the input when its iterator is requested */
  constructor(init: CallInit, input: RequestInput, resolve: Resolve, reject: Reject) {
    super(init)
    this.#input = iteratorOf(input)
    this.#resolve = resolve
    this.#reject = reject
  }

  override onReadable(): void {
    this.#output?.onReadable()
  }

  override onWritable(): void {
    this.#onWritable?.()
    this.#onWritable = null
  }

  override send(attempt: Attempt, connection: SubchannelConnection): void {
    const kept = this.#replay ?? []
    const [first] = kept
    if (this.#isInputDone && first !== undefined && kept.length === 1) attempt.sendOne(connection, first)
    else {
      attempt.open(connection)
      for (const message of kept) attempt.write(message)
      if (this.#isInputDone) attempt.endInput()
    }
    this.#stopKeepingTooMuch()
    if (!this.#isSending) void this.#sendAll()
    this.onWritable()
  }

  protected override get canReplay(): boolean {
    return this.#replay !== null
  }

  protected override prepare(): void {
    // A single message is sent together with the head, so it is awaited first.
    if (this.init.plan.method.methodKind === 'server_streaming') void this.#sendAll()
    else this.#startSending()
  }

  protected override answer(attempt: Attempt): void {
    this.#replay = null
    try {
      const reader = new StatusReader(attempt.createReader(), () => this.#atEnd(attempt))
      this.#output = new ResponseMessages(reader, {
        onLeft: () => this.cancel(leftError()),
        onBroken: (error) => this.endWith(attempt, error),
      })
      this.#resolve(this.#responseOf(attempt, this.#output))
    } catch (error) {
      this.endWith(attempt, answerError(error))
    }
  }

  protected override attemptsWaitFor(): string {
    return this.#hasStarted ? super.attemptsWaitFor() : ' before there was a message to send'
  }

  protected override finish(error: ConnectError | null): void {
    this.onWritable()
    leaveMessages(this.#input, error)
    if (error === null) return
    this.#output?.fail(error)
    this.#reject(error)
  }

  #startSending(): void {
    this.#hasStarted = true
    this.startAttempts()
  }

  /** Sends the messages, which are created once, to all attempts. */
  async #sendAll(): Promise<void> {
    this.#isSending = true
    try {
      for (;;) {
        const next = checkedResult(await this.#input.next())
        if (this.isOver) return
        if (next.done === true) break
        const isWritable = this.#sendOne(next.value)
        if (isWritable !== true && !(await isWritable) && !this.isOver) await this.#untilWritable()
        if (this.isOver) return
      }
      this.#isInputDone = true
      for (const attempt of this.attempts) if (attempt.isConnected) attempt.endInput()
      if (!this.#hasStarted) this.#startSending()
    } catch (error) {
      this.cancel(toCallError(error, Code.Internal))
    }
  }

  /** Sends a message. Returns, or resolves to, false if there is no room for another. */
  #sendOne(input: MessageInitShape<DescMessage>): boolean | Promise<boolean> {
    const { codec, createInput, settings } = this.init.plan
    const encoded = codec.encodeWithHeadroom(createInput(input))
    if (this.#replay === null && settings.sendCompression === null) return this.#writeOnce(encoded)
    const message = this.compress(envelopeOf(encoded))
    return message instanceof Promise ? this.#writeLater(message) : this.#write(message)
  }

  /** Writes a message that no other attempt will need. */
  #writeOnce(message: EncodedMessage): boolean {
    checkSendSize(message.end - message.start, this.settings.maxSendBytes)
    const [attempt] = this.attempts
    return attempt?.writeEncoded(message) ?? true
  }

  async #writeLater(compressing: Promise<RequestMessage>): Promise<boolean> {
    const message = await compressing
    return this.isOver || this.#write(message)
  }

  /** Writes a message to all attempts, at the pace of the fastest. Attempts without a connection get the kept messages later. */
  #write(message: RequestMessage): boolean {
    this.#replay?.push(message)
    this.#replayBytes += message.envelope.length
    if (!this.#hasStarted) return this.#startWithTwo()
    let hasRoom = false
    for (const attempt of this.attempts) if (attempt.isConnected && attempt.write(message)) hasRoom = true
    this.#stopKeepingTooMuch()
    return hasRoom
  }

  /** Handles the first two messages, as there may be only one. Returns whether to continue. */
  #startWithTwo(): boolean {
    if (this.#replay?.length === 1) return true
    this.#startSending()
    return this.attempts.some(({ isConnected }) => isConnected)
  }

  /** Commits to the attempt that has sent the most when the buffer is full (gRFC A6). Without an attempt, everything is kept. */
  #stopKeepingTooMuch(): void {
    if (this.#replay === null || this.#replayBytes <= MAX_REPLAY_BYTES) return
    const furthest = findFurthest(this.attempts)
    if (furthest === null) return
    this.#replay = null
    this.settleOn(furthest)
  }

  #untilWritable(): Promise<void> {
    if (this.isOver) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }

  /** Handles the status after the last message. Throws its error. */
  #atEnd(attempt: Attempt): void {
    if (this.isOver) return
    const error = attempt.readStatus()
    for (const { name, value } of attempt.trailers ?? []) this.#trailer.append(name, value)
    this.endWith(attempt, error)
    if (error !== null) throw error
  }

  #responseOf(attempt: Attempt, message: MessageStream<Message>): StreamResponse {
    const method = this.init.plan.method as DescMethodStreaming
    const header = toHeaders(attempt.headers)
    return { stream: true, service: method.parent, method, header, trailer: this.#trailer, message }
  }
}

function findFurthest(attempts: readonly Attempt[]): Attempt | null {
  let furthest: Attempt | null = null
  for (const attempt of attempts) {
    if (attempt.isConnected && attempt.sentBytes > (furthest?.sentBytes ?? -1)) furthest = attempt
  }
  return furthest
}

/** The events that end a call before its response ends. */
interface EarlyEnd {
  /** The application has stopped reading. */
  onLeft(): void
  /** The response cannot be read any further. */
  onBroken(error: ConnectError): void
}

class ResponseMessages extends MessageStream<Message> {
  readonly #end: EarlyEnd

  constructor(reader: MessageReader<Message>, end: EarlyEnd) {
    super(reader)
    this.#end = end
  }

  override return(): Promise<IteratorResult<Message, undefined>> {
    const result = super.return()
    this.#end.onLeft()
    return result
  }

  protected override onBroken(error: unknown): ConnectError {
    const fault = answerError(error)
    this.#end.onBroken(fault)
    return fault
  }
}
