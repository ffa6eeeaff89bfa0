/** Reads a stream to its end. */

/** Collects all values, in order. Rejects with the error of the stream. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = []
  for await (const value of values) collected.push(value)
  return collected
}
