/** The messages of the other side, as an async iterable. */
import type { MessageReader } from './envelope-reader.ts'

type Result<M> = IteratorResult<M, undefined>

/** A `next` that was called when there was nothing yet; they form a queue. */
interface Waiter<M> {
  resolve(result: Result<M> | Promise<Result<M>>): void
  reject(error: unknown): void
  next: Waiter<M> | null
}

const END = Object.freeze({ done: true, value: undefined } as const)

/**
 * Reads a message when one is asked for, never before: what is not taken stays with the transport, whose window then holds
 * the peer. It ends where the peer half-closed, and throws where the call broke off.
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

  /** Calls that overlap are answered in their order. */
  next(): Promise<Result<M>> {
    const result = this.#firstWaiter === null && !this.#isInflating ? this.#read() : null
    return result === null ? this.#wait() : Promise.resolve(result)
  }

  /** The handler has seen enough. */
  return(): Promise<Result<M>> {
    this.#isDone = true
    this.#settleAll((waiter) => waiter.resolve(END))
    return Promise.resolve(END)
  }

  /** The consumer has met an error, as a client does that sends the messages on. */
  throw(reason?: unknown): Promise<Result<M>> {
    this.#settleAll((waiter) => waiter.reject(reason))
    return this.return().then(() => Promise.reject(reason))
  }

  /** There is more to read, or the end. */
  onReadable(): void {
    while (!this.#isInflating) {
      // Taken out of the queue first: a read may find that the call has failed, which rejects all that are in it.
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

  /** The call is over: reads that wait, and later ones, reject with the reason. */
  fail(error: unknown): void {
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

  /** Others who ask wait until it is done. */
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
