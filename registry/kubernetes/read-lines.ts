/** Splits a stream into lines. */

/** The longest line: more than an object of Kubernetes can have, which etcd stores in 1.5 MiB. */
const MAX_LINE_BYTES = 4_194_304

const NEWLINE = 0x0a

/**
 * Yields the complete lines of each chunk together, without their ends, and without empty ones. Characters may be split between chunks.
 *
 * @throws RangeError for a line that is too long
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE)
    const tail = chunk.subarray(end + 1)
    if (end >= 0) {
      const text = Buffer.concat([...rest, chunk.subarray(0, end)]).toString()
      rest = []
      restBytes = 0
      yield text.split('\n').filter((line) => line.trim() !== '')
    }
    rest.push(tail)
    restBytes += tail.length
    if (restBytes > MAX_LINE_BYTES) throw new RangeError(`a line of the watch has more than ${MAX_LINE_BYTES} octets`)
  }
}
