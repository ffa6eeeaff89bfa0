/** Reads a stream to its end. */

/** All values, in order. Rejects with what the stream fails with. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = []
  for await (const value of values) collected.push(value)
  return collected
}
