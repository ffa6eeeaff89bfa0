/** Handles foreign iterators of messages, those of callers and interceptors, which may do anything. */
import type { DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { MessageCreator } from '../../../wire/codec/create/message-creator.ts'

/** The messages that callers pass. */
export type RequestInput = AsyncIterable<MessageInitShape<DescMessage>>

/** Returns the iterator. @throws TypeError if there is none, and any error of `messages` itself */
export function iteratorOf<T>(messages: AsyncIterable<T>): AsyncIterator<T> {
  const iterator: unknown = messages[Symbol.asyncIterator]()
  if (typeof iterator === 'object' && iterator !== null && 'next' in iterator) return iterator as AsyncIterator<T>
  dropRejection(iterator)
  throw new TypeError('the messages have no async iterator')
}

/** Checks a result of an iterator. @throws TypeError if it is not an object */
export function checkedResult<T>(result: IteratorResult<T>): IteratorResult<T> {
  if (typeof result === 'object' && result !== null) return result
  throw new TypeError('the iterator of messages gave what is not an object')
}

/** Ignores the rejection of a value that should not be a promise, which is reported as a fault already. */
export function dropRejection(value: unknown): void {
  void quietly(() => value)
}

/**
 * Closes an iterator, as Connect's transports do: `throw` with the error of a failed call, and `return` in any case. Does not wait for the
 * iterator, which may be blocked, and ignores its errors.
 */
export function leaveMessages(iterator: AsyncIterator<unknown>, error: ConnectError | null): void {
  if (error !== null) void quietly(() => iterator.throw?.(error))
  void quietly(() => iterator.return?.())
}

async function quietly(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch {
    // The call has ended, and the iterator is the caller's.
  }
}

/** Converts partial messages to complete ones, for interceptors. */
export class CompleteMessages implements AsyncIterableIterator<Message> {
  readonly #create: MessageCreator
  readonly #input: AsyncIterator<MessageInitShape<DescMessage>>

  constructor(create: MessageCreator, input: AsyncIterator<MessageInitShape<DescMessage>>) {
    this.#create = create
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
    return { done: false, value: this.#create(result.value) }
  }
}
