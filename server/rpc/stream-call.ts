/** A call with many messages, in either direction or both. */
import type { Message } from '@bufbuild/protobuf'
import type { Code, ConnectError } from '@connectrpc/connect'
import { runInCallScope } from '../../wire/call-scope.ts'
import { MessageStream } from '../../wire/message-stream.ts'
import { Call } from './call.ts'
import type { Abortable } from './open-calls.ts'
import { runStream } from './run-interceptors.ts'

/** The handler pulls what it takes, and is pulled from as the client reads. */
export class StreamCall extends Call implements Abortable {
  #input: MessageStream<Message> | null = null
  #output: AsyncIterator<unknown> | null = null
  #resume: (() => void) | null = null
  #isWritable = true

  onReadable(): void {
    if (this.isOver) return
    if (this.#input !== null) this.#input.onReadable()
    else this.receive()
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

  protected override close(code: Code | undefined): void {
    if (this.#input !== null) this.plan.entry.openCalls.delete(this)
    super.close(code)
  }

  protected override receive(): void {
    const { entry } = this.plan
    const takesOne = entry.kind === 'server_streaming' && entry.interceptors.length === 0
    if (takesOne) this.#receiveOne()
    else this.#handle(new MessageStream(this.reader))
  }

  #receiveOne(): void {
    try {
      if (!this.reader.pollOnly()) return
      const message = this.reader.take()
      if (message instanceof Promise) void this.#receiveLater(message)
      else this.#handle(message)
    } catch (error) {
      this.fail(error)
    }
  }

  async #receiveLater(inflating: Promise<Message>): Promise<void> {
    try {
      const message = await inflating
      if (!this.isOver) this.#handle(message)
    } catch (error) {
      this.fail(error)
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
    } catch (error) {
      this.fail(error)
    }
    this.settleHandler()
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
      const result = await iterator.next()
      if (this.isOver) break
      if (result.done === true) {
        this.#output = null
        this.#end()
        return
      }
      const data = this.encode(result.value)
      const compression = this.compressionFor(data)
      this.#write(compression === null ? data : await compression.compress(data), compression !== null)
      if (!this.#isWritable) await this.#untilWritable()
    }
  }

  #write(data: Uint8Array, isCompressed: boolean): void {
    if (this.isOver) return
    this.#begin()
    const { protocol } = this.plan
    this.sentBytes += protocol.overheadBytes + data.byteLength
    this.#isWritable = protocol.write(this, data, isCompressed)
  }

  #begin(): void {
    if (this.hasBegun) return
    this.plan.protocol.begin(this)
    this.hasBegun = true
  }

  #end(): void {
    this.#begin()
    this.plan.protocol.end(this, null)
    this.close(undefined)
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

  /** Has the service let go of what it holds for its client; an iterator that has been ended counts as come back. */
  async #giveUp(iterator: AsyncIterator<unknown>): Promise<void> {
    this.#output = null
    if (iterator.return === undefined) return
    try {
      await runInCallScope(this.context, () => iterator.return?.())
    } catch (error) {
      this.fail(error)
    }
    this.settleHandler()
  }
}
