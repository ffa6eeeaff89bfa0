/** A streaming call: client, server or bidirectional. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { Abortable } from '../../wire/abort-group.ts'
import { runInCallScope } from '../../wire/call-scope.ts'
import type { EncodedMessage } from '../../wire/codec/encode/message-encoder.ts'
import { ownedEncoding } from '../../wire/message-codec.ts'
import { MessageStream } from '../../wire/message-stream.ts'
import { Call } from './call.ts'
import { CALL_OVER } from './call-context.ts'
import { type HeartbeatOwner, ResponseHeartbeat } from './response-heartbeat.ts'
import { runStream } from './run-interceptors.ts'

/**
 * A streaming call. Both directions follow demand: the handler pulls request messages, and is pulled for response
 * messages as the client reads.
 */
export class StreamCall extends Call implements Abortable, HeartbeatOwner {
  #input: MessageStream<Message> | null = null
  #output: AsyncIterator<unknown> | null = null
  #resume: (() => void) | null = null
  /** Null unless the protocol has heartbeats. */
  #heartbeat: ResponseHeartbeat | null = null
  #isWritable = true
  /** The service's iterator is being awaited. */
  #isPulling = false

  override onReadable(): void {
    if (this.#input === null) super.onReadable()
    else if (!this.isOver) this.#input.onReadable()
  }

  /** The transport has room again. */
  onWritable(): void {
    this.#isWritable = true
    this.#wake()
  }

  /** Fails the pending read of the handler, because the drain time is nearly over. The handler may still respond. */
  abort(reason: unknown): void {
    this.#input?.fail(reason)
  }

  /** Sends a heartbeat, which opens the response: from then on its headers do not change, and an error is a late one. */
  beat(): void {
    const { heartbeat } = this.plan.protocol
    if (this.isOver || !this.#isWritable || heartbeat === undefined) return
    this.#isWritable = this.exchange.mayWrite()
    if (!this.#isWritable) return
    try {
      this.begin()
      this.#isWritable = heartbeat.beat(this)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** A service that opens a response stream itself has decided that the call is a success so far. */
  protected override get mayOpen(): boolean {
    const { kind } = this.plan.entry
    return super.mayOpen || kind === 'server_streaming' || kind === 'bidi_streaming'
  }

  protected override interrupt(error: ConnectError): void {
    super.interrupt(error)
    this.#input?.fail(error)
    this.#wake()
    if (this.#output !== null) void this.#giveUp(this.#output)
  }

  protected override close(error: ConnectError | null): void {
    this.#heartbeat?.stop()
    if (this.#input !== null) {
      this.plan.entry.openCalls.delete(this)
      // Settles a read that the handler abandoned, so that its `finally` blocks run.
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

  /** A server stream without interceptors needs no input stream: its only message is passed on when it is complete. */
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

  /** The one place where streaming handlers run; everything they throw arrives here. */
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
      // An iterator that has thrown must not be asked to return (as with `for await`).
      if (this.#isPulling) this.#output = null
      this.failHandler(thrown)
    }
  }

  #open(input: MessageStream<Message>): void {
    this.#input = input
    this.plan.entry.openCalls.add(this)
  }

  /** Sends what the service yields, and then the end of the stream. */
  async #send(messages: AsyncIterable<unknown>): Promise<void> {
    const iterator = messages[Symbol.asyncIterator]()
    this.#output = iterator
    this.#startHeartbeat()
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
      // Other calls of the connection may have filled its buffer. A call that finds room must write in the same turn,
      // before another takes the room.
      while (!this.isOver && !this.exchange.mayWrite()) {
        this.#isWritable = false
        await this.#untilWritable()
      }
      if (this.isOver) break
      const data = this.encode(result.value)
      if (data instanceof Uint8Array) this.#write(await this.pack(data), data)
      else this.#writeEncoded(data)
      if (!this.#isWritable) await this.#untilWritable()
    }
  }

  #startHeartbeat(): void {
    const intervalMs = this.plan.protocol.heartbeat?.intervalMsOf(this.plan) ?? 0
    if (intervalMs > 0 && !this.isOver) this.#heartbeat = new ResponseHeartbeat(this, this.host.timers, intervalMs)
  }

  /** Sends a message whose octets are valid until the next one is encoded. */
  #writeEncoded(encoded: EncodedMessage): void {
    if (this.isOver) return
    // The head may pass hooks of the application, which may encode a message, for example to call another server.
    const message = this.hasBegun ? encoded : ownedEncoding(encoded)
    const bytes = message.end - message.start
    // The head leaves with the first message, so that an earlier error can still be a Trailers-Only response.
    this.begin()
    this.#isWritable = this.plan.protocol.writeEncoded?.(this, message) ?? true
    this.observation?.onSent(bytes, bytes)
  }

  /** Sends a message. `packed` is `data`, or its compressed form. */
  #write(packed: Uint8Array, data: Uint8Array): void {
    if (this.isOver) return
    this.begin()
    this.#isWritable = this.plan.protocol.write(this, packed, packed !== data)
    this.observation?.onSent(packed.byteLength, data.byteLength)
  }

  #end(): void {
    this.begin()
    this.plan.protocol.end(this, null)
    this.close(null)
  }

  /** Waits until the transport has room or the call has ended. The loop covers wake-ups for another reason. */
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

  /** Asks the service's iterator to return, so that it releases its resources. That counts as the handler returning. */
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
