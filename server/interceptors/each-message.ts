/** Shows the messages of a stream to a function. */

/**
 * Returns the same stream, each message of which is passed to `see` before it is read. If `see` throws, the stream ends with that error,
 * and its source is asked to return.
 *
 * Wraps the iterator by hand, because `return` of a generator would wait for a pending read.
 */
export function eachMessage<M>(messages: AsyncIterable<M>, see: (message: M) => void): AsyncIterable<M> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = messages[Symbol.asyncIterator]()
      return {
        async next() {
          const result = await iterator.next()
          if (result.done !== true) seeOrReturn(result.value, see, iterator)
          return result
        },
        async return(value) {
          return (await iterator.return?.(value)) ?? { done: true, value }
        },
      }
    },
  }
}

function seeOrReturn<M>(message: M, see: (message: M) => void, source: AsyncIterator<M>): void {
  try {
    see(message)
  } catch (thrown) {
    // The error of the message is the one to report.
    source.return?.().catch(() => {})
    throw thrown
  }
}
