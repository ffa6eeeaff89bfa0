/** A call with any number of messages in each direction. */
import type { DescMessage, DescMethodStreaming, MessageInitShape } from '@bufbuild/protobuf'
import { Code, type ConnectError, type StreamResponse } from '@connectrpc/connect'
import type { EncodedMessage } from '../../../wire/codec/encode/message-encoder.ts'
import { envelopeOf } from '../../../wire/envelope.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import type { Attempt } from './attempt.ts'
import { answerError, leftError, toCallError } from './call-errors.ts'
import type { CallInit } from './call-init.ts'
import { ClientCall, MAX_REPLAY_BYTES } from './client-call.ts'
import { checkSendSize, type RequestMessage } from './compress-message.ts'
import { checkedResult, iteratorOf, leaveMessages, type RequestInput } from './message-iterators.ts'
import { type AnsweredCall, StreamAnswer } from './stream-answer.ts'

type Resolve = (response: StreamResponse) => void
type Reject = (error: ConnectError) => void

/** Reads messages on demand. Unread ones stay in the transport, whose flow control stops the server. */
export class StreamClientCall extends ClientCall implements AnsweredCall {
  readonly #input: AsyncIterator<MessageInitShape<DescMessage>>
  #resolve: Resolve
  #reject: Reject
  #output: StreamAnswer | null = null
  /** The attempt with the response; null before it. */
  #answering: Attempt | null = null
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
    this.#answering = attempt
    try {
      this.#output = new StreamAnswer(this, attempt, this.init.plan.method as DescMethodStreaming)
      this.#resolve(this.#output)
      // The call may stay open for long, and must not keep what waited for the response.
      this.#resolve = ignore
      this.#reject = ignore
    } catch (error) {
      this.endWith(attempt, answerError(error))
    }
  }

  /** Called by the answer, whose reader has left. */
  onLeft(): void {
    this.cancel(leftError())
  }

  /** Called by the answer. */
  onBroken(error: ConnectError): void {
    if (this.#answering !== null) this.endWith(this.#answering, error)
  }

  /** Called by the answer, to handle the status. Throws its error. */
  atEnd(): void {
    const attempt = this.#answering
    if (this.isOver || attempt === null) return
    const error = attempt.readStatus()
    this.#output?.onTrailers()
    this.endWith(attempt, error)
    if (error !== null) throw error
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
}

function findFurthest(attempts: readonly Attempt[]): Attempt | null {
  let furthest: Attempt | null = null
  for (const attempt of attempts) {
    if (attempt.isConnected && attempt.sentBytes > (furthest?.sentBytes ?? -1)) furthest = attempt
  }
  return furthest
}

function ignore(): void {}
