/** The messages that a call receives, as an async iterable. */
import type { MessageReader } from './envelope-reader.ts'

type Result<M> = IteratorResult<M, undefined>

/** A call of `next` that waits for a message. Waiters form a linked queue. */
interface Waiter<M> {
  resolve(result: Result<M> | Promise<Result<M>>): void
  reject(error: unknown): void
  next: Waiter<M> | null
}

const END = Object.freeze({ done: true, value: undefined } as const)

/**
 * Reads a message only when the consumer asks for it. The rest stays in the transport, whose flow control then stops the peer. Ends when
 * the peer half-closes, and throws when the call fails.
 */
export class MessageStream<M> implements AsyncIterableIterator<M, undefined> {
  readonly #reader: MessageReader<M>
  #firstWaiter: Waiter<M> | null = null
  #lastWaiter: Waiter<M> | null = null
  #isInflating = false
  #isDone = false
  #error: unknown
  #hasFailed = false

  constructor(reader: MessageReader<M>) {
    this.#reader = reader
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Overlapping calls are answered in order. */
  next(): Promise<Result<M>> {
    const result = this.#firstWaiter === null && !this.#isInflating ? this.#read() : null
    return result === null ? this.#wait() : Promise.resolve(result)
  }

  /** The consumer leaves the loop. */
  return(): Promise<Result<M>> {
    this.#isDone = true
    this.#settleAll((waiter) => waiter.resolve(END))
    return Promise.resolve(END)
  }

  /** The consumer fails, for example a client that forwards the messages. */
  throw(reason?: unknown): Promise<Result<M>> {
    this.#settleAll((waiter) => waiter.reject(reason))
    return this.return().then(() => Promise.reject(reason))
  }

  /** Continues when there is more to read, or the end was reached. */
  onReadable(): void {
    while (!this.#isInflating) {
      // Removed from the queue first, as a read may find that the call has failed, which rejects the whole queue.
      const waiter = this.#shiftWaiter()
      if (waiter === null) return
      const result = this.#read()
      if (result === null) {
        this.#unshiftWaiter(waiter)
        return
      }
      waiter.resolve(result)
    }
  }

  /** The call has failed: waiting reads and later ones reject with the error. */
  fail(error: unknown): void {
    if (this.#isDone || this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#settleAll((waiter) => waiter.reject(error))
  }

  /** A read has failed. Returns the error for the consumer. */
  protected onBroken(error: unknown): unknown {
    return error
  }

  /** Returns null if there is nothing yet; `onReadable` follows. */
  #read(): Result<M> | Promise<Result<M>> | null {
    if (this.#hasFailed) return Promise.reject(this.#error)
    if (this.#isDone) return END
    try {
      return this.#reader.poll() ? this.#take() : null
    } catch (error) {
      return this.#break(error)
    }
  }

  #take(): Result<M> | Promise<Result<M>> {
    if (this.#reader.isAtEnd) {
      this.#isDone = true
      return END
    }
    const message = this.#reader.take()
    return message instanceof Promise ? this.#inflate(message) : { done: false, value: message }
  }

  /** Later reads wait until the message is inflated. */
  async #inflate(message: Promise<M>): Promise<Result<M>> {
    this.#isInflating = true
    try {
      return { done: false, value: await message }
    } catch (error) {
      return this.#break(error)
    } finally {
      this.#isInflating = false
      this.onReadable()
    }
  }

  #wait(): Promise<Result<M>> {
    const { promise, resolve, reject } = Promise.withResolvers<Result<M>>()
    const waiter: Waiter<M> = { resolve, reject, next: null }
    if (this.#lastWaiter === null) this.#firstWaiter = waiter
    else this.#lastWaiter.next = waiter
    this.#lastWaiter = waiter
    return promise
  }

  #shiftWaiter(): Waiter<M> | null {
    const waiter = this.#firstWaiter
    this.#firstWaiter = waiter?.next ?? null
    if (this.#firstWaiter === null) this.#lastWaiter = null
    return waiter
  }

  #unshiftWaiter(waiter: Waiter<M>): void {
    waiter.next = this.#firstWaiter
    this.#firstWaiter = waiter
    this.#lastWaiter ??= waiter
  }

  #settleAll(how: (waiter: Waiter<M>) => void): void {
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
