/** The messages of the other side, for whoever takes many. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { MessageReader } from './envelope-reader.ts'
import type { MessageCodec } from './message-codec.ts'
import type { RunDecoder } from './run-decoder.ts'

type Result = IteratorResult<Message, undefined>

interface Waiter {
  resolve(result: Result | Promise<Result>): void
  reject(error: unknown): void
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
    if (this.#ahead.length > 0) return this.#takeAhead()
    if (this.#busy !== null) return this.#busy.then(() => this.next())
    if (this.#hasFailed) return Promise.reject(this.#error)
    if (this.#isDone) return Promise.resolve(END)
    try {
      if (this.#faultAhead !== undefined) throw this.#faultAhead
      if (!this.#reader.poll()) return this.#wait()
      return this.#take()
    } catch (error) {
      return this.#break(error)
    }
  }

  /** The handler has seen enough. */
  return(): Promise<Result> {
    this.#isDone = true
    this.#ahead = []
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
    this.#ahead = []
    if (this.#isDone || this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#settle((waiter) => waiter.reject(error))
  }

  /** The messages cannot be read on. Returns what the reader is told. */
  protected onBroken(error: unknown): unknown {
    return error
  }

  #take(): Promise<Result> {
    if (this.#reader.isAtEnd) {
      this.#isDone = true
      return Promise.resolve(END)
    }
    const { decodeRun } = this.#codec
    const run = decodeRun === null ? undefined : this.#reader.takeRun?.()
    if (decodeRun !== null && run) return this.#takeRun(run, decodeRun)
    const data = this.#reader.take()
    if (data instanceof Promise) return this.#hold(this.#decodeLater(data))
    return Promise.resolve({ done: false, value: this.#codec.decode(data) })
  }

  #takeRun(run: Uint8Array, decodeRun: RunDecoder): Promise<Result> {
    const { messages, fault } = decodeRun(run)
    if (messages.length === 0) throw fault
    this.#ahead = messages.reverse()
    this.#faultAhead = fault
    return this.#takeAhead()
  }

  #takeAhead(): Promise<Result> {
    return Promise.resolve({ done: false, value: this.#ahead.pop() as Message })
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
    if (!this.#hasFailed) {
      this.#hasFailed = true
      this.#error = this.onBroken(error)
    }
    return Promise.reject(this.#error)
  }
}
