/** Iterators of messages that are not ours, and may do anything: those of callers, and those of interceptors. */
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'

/** What callers hand in. */
export type RequestInput = AsyncIterable<MessageInitShape<DescMessage>>

/** The iterator of messages. @throws TypeError if there is none, besides what `messages` throws itself */
export function iteratorOf<T>(messages: AsyncIterable<T>): AsyncIterator<T> {
  const iterator: unknown = messages[Symbol.asyncIterator]()
  if (typeof iterator === 'object' && iterator !== null && 'next' in iterator) return iterator as AsyncIterator<T>
  dropRejection(iterator)
  throw new TypeError('the messages have no async iterator')
}

/** What an iterator gave, as the language wants it to be. @throws TypeError for anything else */
export function checkedResult<T>(result: IteratorResult<T>): IteratorResult<T> {
  if (typeof result === 'object' && result !== null) return result
  throw new TypeError('the iterator of messages gave what is not an object')
}

/** What is not a promise where one comes, or the other way round, is a fault that is reported: what becomes of it is not. */
export function dropRejection(value: unknown): void {
  void quietly(() => value)
}

/**
 * Tells an iterator that nobody asks it for more, as Connect's transports do: `throw` with the error of a call that failed, and
 * `return` in any case. Its answer is not waited for, as it may be waiting for something itself, and its faults change nothing.
 */
export function leaveMessages(iterator: AsyncIterator<unknown>, error: ConnectError | null): void {
  if (error !== null) void quietly(() => iterator.throw?.(error))
  void quietly(() => iterator.return?.())
}

async function quietly(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch {
    // The call is over, and what made its messages is the caller's.
  }
}

/** Complete messages, as interceptors see them, of what may be given in part. */
export class CompleteMessages implements AsyncIterableIterator<Message> {
  readonly #desc: DescMessage
  readonly #input: AsyncIterator<MessageInitShape<DescMessage>>

  constructor(desc: DescMessage, input: AsyncIterator<MessageInitShape<DescMessage>>) {
    this.#desc = desc
    this.#input = input
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Message>> {
    return this.#complete(checkedResult(await this.#input.next()))
  }

  async return(): Promise<IteratorResult<Message>> {
    await this.#input.return?.()
    return { done: true, value: undefined }
  }

  async throw(reason?: unknown): Promise<IteratorResult<Message>> {
    if (this.#input.throw === undefined) throw reason
    return this.#complete(await this.#input.throw(reason))
  }

  #complete(result: IteratorResult<MessageInitShape<DescMessage>>): IteratorResult<Message> {
    if (result.done === true) return { done: true, value: undefined }
    return { done: false, value: create(this.#desc, result.value) as Message }
  }
}
