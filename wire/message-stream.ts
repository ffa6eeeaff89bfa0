/** The messages of the other side, for whoever takes many. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { MessageReader } from './envelope-reader.ts'
import type { MessageCodec } from './message-codec.ts'
import type { RunDecoder } from './run-decoder.ts'

type Result = IteratorResult<Message, undefined>

/** Whoever has asked when there was nothing; they form a queue. */
interface Waiter {
  resolve(result: Result | Promise<Result>): void
  reject(error: unknown): void
  next: Waiter | null
}

const END: Result = Object.freeze({ done: true, value: undefined })

/**
 * Decodes messages when one is asked for, never before, and of short ones those that lie ready behind it: what is not taken
 * stays with the transport, whose window then holds the peer. It ends where the peer half-closed, and throws where the call
 * broke off.
 */
export class MessageStream implements AsyncIterableIterator<Message, undefined> {
  readonly #reader: MessageReader
  readonly #codec: MessageCodec
  /**
   * Decoded and not asked for yet, the next one last: what is taken is gone from the array. V8 comes to make the arrays of
   * protobuf-es as old objects, and all that one still holds when it is dropped lives on until those are collected.
   */
  #ahead: Message[] = []
  /** Why there is nothing to be read behind those; undefined: there is. */
  #faultAhead: ConnectError | undefined
  #firstWaiter: Waiter | null = null
  #lastWaiter: Waiter | null = null
  #isInflating = false
  #isDone = false
  #error: unknown
  #hasFailed = false

  constructor(reader: MessageReader, codec: MessageCodec) {
    this.#reader = reader
    this.#codec = codec
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Calls that overlap are answered in their order. */
  next(): Promise<Result> {
    if (this.#ahead.length > 0) return Promise.resolve(this.#takeAhead())
    const result = this.#firstWaiter === null && !this.#isInflating ? this.#read() : null
    return result === null ? this.#wait() : Promise.resolve(result)
  }

  /** The handler has seen enough. */
  return(): Promise<Result> {
    this.#isDone = true
    this.#ahead = []
    this.#settleAll((waiter) => waiter.resolve(END))
    return Promise.resolve(END)
  }

  /** Whoever it was handed to has met an error: a client that sends the messages on, say. */
  throw(reason?: unknown): Promise<Result> {
    this.#settleAll((waiter) => waiter.reject(reason))
    return this.return().then(() => Promise.reject(reason))
  }

  /** There is more to read, or the end. */
  onReadable(): void {
    while (!this.#isInflating) {
      // Gone from the queue first: to read may be to find that the call has failed, which everybody there is told.
      const waiter = this.#shiftWaiter()
      if (waiter === null) return
      const result = this.#ahead.length > 0 ? this.#takeAhead() : this.#read()
      if (result === null) {
        this.#unshiftWaiter(waiter)
        return
      }
      waiter.resolve(result)
    }
  }

  /** The call is over: whoever waits, and whoever asks again, gets the reason. */
  fail(error: unknown): void {
    this.#ahead = []
    if (this.#isDone || this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#settleAll((waiter) => waiter.reject(error))
  }

  /** The messages cannot be read on. Returns what the reader is told. */
  protected onBroken(error: unknown): unknown {
    return error
  }

  /** Null: there is nothing yet, and `onReadable` follows. */
  #read(): Result | Promise<Result> | null {
    if (this.#hasFailed) return Promise.reject(this.#error)
    if (this.#isDone) return END
    try {
      if (this.#faultAhead !== undefined) throw this.#faultAhead
      return this.#reader.poll() ? this.#take() : null
    } catch (error) {
      return this.#break(error)
    }
  }

  #take(): Result | Promise<Result> {
    if (this.#reader.isAtEnd) {
      this.#isDone = true
      return END
    }
    const { decodeRun } = this.#codec
    const run = decodeRun === null ? undefined : this.#reader.takeRun?.()
    if (decodeRun !== null && run) return this.#takeRun(run, decodeRun)
    const data = this.#reader.take()
    return data instanceof Promise ? this.#inflate(data) : { done: false, value: this.#codec.decode(data) }
  }

  #takeRun(run: Uint8Array, decodeRun: RunDecoder): Result {
    const { messages, fault } = decodeRun(run)
    if (messages.length === 0) throw fault
    this.#ahead = messages.reverse()
    this.#faultAhead = fault
    return this.#takeAhead()
  }

  #takeAhead(): Result {
    return { done: false, value: this.#ahead.pop() as Message }
  }

  /** Others who ask wait until it is done. */
  async #inflate(inflating: Promise<Uint8Array>): Promise<Result> {
    this.#isInflating = true
    try {
      return { done: false, value: this.#codec.decode(await inflating) }
    } catch (error) {
      return this.#break(error)
    } finally {
      this.#isInflating = false
      this.onReadable()
    }
  }

  #wait(): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const waiter: Waiter = { resolve, reject, next: null }
    if (this.#lastWaiter === null) this.#firstWaiter = waiter
    else this.#lastWaiter.next = waiter
    this.#lastWaiter = waiter
    return promise
  }

  #shiftWaiter(): Waiter | null {
    const waiter = this.#firstWaiter
    this.#firstWaiter = waiter?.next ?? null
    if (this.#firstWaiter === null) this.#lastWaiter = null
    return waiter
  }

  #unshiftWaiter(waiter: Waiter): void {
    waiter.next = this.#firstWaiter
    this.#firstWaiter = waiter
    this.#lastWaiter ??= waiter
  }

  #settleAll(how: (waiter: Waiter) => void): void {
    for (let waiter = this.#shiftWaiter(); waiter !== null; waiter = this.#shiftWaiter()) how(waiter)
  }

  #break(error: unknown): Promise<never> {
    if (!this.#hasFailed) {
      this.#hasFailed = true
      this.#error = this.onBroken(error)
    }
    return Promise.reject(this.#error)
  }
}
