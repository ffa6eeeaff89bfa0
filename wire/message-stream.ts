/** The messages of the other side, for whoever takes many. */
import type { Message } from '@bufbuild/protobuf'
import type { MessageReader } from './envelope-reader.ts'
import type { MessageCodec } from './message-codec.ts'

type Result = IteratorResult<Message, undefined>

interface Waiter {
  resolve(result: Result | Promise<Result>): void
  reject(error: unknown): void
}

const END: Result = Object.freeze({ done: true, value: undefined })

/**
 * Decodes a message when it is asked for, never before: what the handler does not take stays with the transport, whose
 * window then holds the client. It ends where the client half-closed, and throws where the call broke off.
 */
export class MessageStream implements AsyncIterableIterator<Message, undefined> {
  readonly #reader: MessageReader
  readonly #codec: MessageCodec
  #waiter: Waiter | null = null
  #busy: Promise<unknown> | null = null
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
    if (this.#busy !== null) return this.#busy.then(() => this.next())
    if (this.#hasFailed) return Promise.reject(this.#error)
    if (this.#isDone) return Promise.resolve(END)
    try {
      if (!this.#reader.poll()) return this.#wait()
      return this.#take()
    } catch (error) {
      return this.#break(error)
    }
  }

  /** The handler has seen enough. */
  return(): Promise<Result> {
    this.#isDone = true
    this.#settle((waiter) => waiter.resolve(END))
    return Promise.resolve(END)
  }

  /** Whoever it was handed to has met an error: a client that sends the messages on, say. */
  throw(reason?: unknown): Promise<Result> {
    this.#settle((waiter) => waiter.reject(reason))
    return this.return().then(() => Promise.reject(reason))
  }

  /** There is more to read, or the end. */
  onReadable(): void {
    this.#settle((waiter) => waiter.resolve(this.next()))
  }

  /** The call is over: whoever waits, and whoever asks again, gets the reason. */
  fail(error: unknown): void {
    if (this.#isDone || this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#settle((waiter) => waiter.reject(error))
  }

  #take(): Promise<Result> {
    if (this.#reader.isAtEnd) {
      this.#isDone = true
      return Promise.resolve(END)
    }
    const data = this.#reader.take()
    if (data instanceof Promise) return this.#hold(this.#decodeLater(data))
    return Promise.resolve({ done: false, value: this.#codec.decode(data) })
  }

  async #decodeLater(inflating: Promise<Uint8Array>): Promise<Result> {
    try {
      return { done: false, value: this.#codec.decode(await inflating) }
    } catch (error) {
      return this.#break(error)
    }
  }

  #wait(): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    this.#waiter = { resolve, reject }
    return this.#hold(promise)
  }

  /** Others who ask wait until this is settled. */
  #hold(result: Promise<Result>): Promise<Result> {
    const free = () => {
      this.#busy = null
    }
    this.#busy = result.then(free, free)
    return result
  }

  #settle(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter
    if (waiter === null) return
    this.#waiter = null
    this.#busy = null
    how(waiter)
  }

  #break(error: unknown): Promise<never> {
    this.#hasFailed = true
    this.#error = error
    return Promise.reject(error)
  }
}
