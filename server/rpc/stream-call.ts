/** A call with many messages, in either direction or both. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { Abortable } from '../../wire/abort-group.ts'
import { runInCallScope } from '../../wire/call-scope.ts'
import { MessageStream } from '../../wire/message-stream.ts'
import { Call } from './call.ts'
import { CALL_OVER } from './call-context.ts'
import { runStream } from './run-interceptors.ts'

/** The handler pulls what it takes, and is pulled from as the client reads. */
export class StreamCall extends Call implements Abortable {
  #input: MessageStream<Message> | null = null
  #output: AsyncIterator<unknown> | null = null
  #resume: (() => void) | null = null
  #isWritable = true
  /** The next message of the service is being waited for. */
  #isPulling = false

  override onReadable(): void {
    if (this.#input === null) super.onReadable()
    else if (!this.isOver) this.#input.onReadable()
  }

  onWritable(): void {
    this.#isWritable = true
    this.#wake()
  }

  /** The drain is about to run out of time: a handler that reads learns so where it waits, and answers as it likes. */
  abort(reason: unknown): void {
    this.#input?.fail(reason)
  }

  protected override interrupt(error: ConnectError): void {
    super.interrupt(error)
    this.#input?.fail(error)
    this.#wake()
    if (this.#output !== null) void this.#giveUp(this.#output)
  }

  protected override close(error: ConnectError | null): void {
    if (this.#input !== null) {
      this.plan.entry.openCalls.delete(this)
      // A read that the handler left behind settles, so that its `finally` blocks run.
      this.#input.fail(CALL_OVER)
    }
    super.close(error)
  }

  protected override receive(): void {
    const { entry } = this.plan
    const takesOne = entry.kind === 'server_streaming' && entry.interceptors.length === 0
    if (takesOne) this.#receiveOne()
    else this.#handle(new MessageStream(this.reader))
  }

  #receiveOne(): void {
    if (!this.reader.pollOnly()) return
    const message = this.reader.take()
    if (message instanceof Promise) void this.#handleLater(message)
    else this.#handle(message)
  }

  async #handleLater(inflating: Promise<Message>): Promise<void> {
    try {
      const message = await inflating
      if (!this.isOver) this.#handle(message)
    } catch (thrown) {
      this.failHandler(thrown)
    }
  }

  #handle(input: Message | MessageStream<Message>): void {
    this.isRunning = true
    if (input instanceof MessageStream) this.#open(input)
    void runInCallScope(this.context, () => this.#run(input))
  }

  async #run(input: Message | MessageStream<Message>): Promise<void> {
    const { entry } = this.plan
    try {
      if (entry.interceptors.length > 0) {
        await this.#send(await runStream(entry, input as MessageStream<Message>, this.context))
      } else if (entry.kind === 'client_streaming') {
        this.replyWith(await entry.implementation(input, this.context))
      } else {
        await this.#send(entry.implementation(input, this.context) as AsyncIterable<unknown>)
      }
      this.settleHandler()
    } catch (thrown) {
      // An iterator that has thrown is not asked to return (as `for await` has it).
      if (this.#isPulling) this.#output = null
      this.failHandler(thrown)
    }
  }

  #open(input: MessageStream<Message>): void {
    this.#input = input
    this.plan.entry.openCalls.add(this)
  }

  /** Sends what the service yields, and the end behind it. */
  async #send(messages: AsyncIterable<unknown>): Promise<void> {
    const iterator = messages[Symbol.asyncIterator]()
    this.#output = iterator
    while (!this.isOver) {
      this.#isPulling = true
      const result = await iterator.next()
      this.#isPulling = false
      if (this.isOver) break
      if (result.done === true) {
        this.#output = null
        this.#end()
        return
      }
      // Other calls of the connection may have queued all that it takes. Who finds room writes before anybody else looks.
      while (!this.isOver && !this.exchange.mayWrite()) {
        this.#isWritable = false
        await this.#untilWritable()
      }
      if (this.isOver) break
      const data = this.encode(result.value)
      const compression = this.compressionFor(data)
      this.#write(compression === null ? data : await this.compress(compression, data), data)
      if (!this.#isWritable) await this.#untilWritable()
    }
  }

  /** Sends a message, which is `data` or was compressed from it. */
  #write(packed: Uint8Array, data: Uint8Array): void {
    if (this.isOver) return
    this.#begin()
    this.#isWritable = this.plan.protocol.write(this, packed, packed !== data)
    this.observation?.onSent(packed.byteLength, data.byteLength)
  }

  #begin(): void {
    if (this.hasBegun) return
    this.plan.protocol.begin(this)
    this.hasBegun = true
  }

  #end(): void {
    this.#begin()
    this.plan.protocol.end(this, null)
    this.close(null)
  }

  async #untilWritable(): Promise<void> {
    while (!this.#isWritable && !this.isOver) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#resume = resolve
      await promise
    }
  }

  #wake(): void {
    this.#resume?.()
    this.#resume = null
  }

  /** Has the service release what it holds for its client. An iterator that has returned counts as a handler that has. */
  async #giveUp(iterator: AsyncIterator<unknown>): Promise<void> {
    this.#output = null
    try {
      const end = iterator.return
      if (end === undefined) return
      await runInCallScope(this.context, () => end.call(iterator))
      this.settleHandler()
    } catch (thrown) {
      this.failHandler(thrown)
    }
  }
}
