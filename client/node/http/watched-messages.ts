/** Tells how reading a stream of messages ends. */

/** Who is told. */
export interface MessagesWatch {
  /** All were read. */
  onDone(): void
  /** There are no more because of this; returns what the reader gets to see instead. */
  onFailed(thrown: unknown): unknown
  /** The reader has no use for the rest. */
  onLeft(): void
}

/** Messages as they are, and a reader who may leave. */
export function watchedMessages<T>(messages: AsyncIterable<T>, watch: MessagesWatch): AsyncIterableIterator<T> {
  const iterator = messages[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const result = await iterator.next()
        if (result.done === true) watch.onDone()
        return result
      } catch (thrown) {
        throw watch.onFailed(thrown)
      }
    },
    async return() {
      watch.onLeft()
      return { done: true, value: undefined }
    },
  }
}
