/** Counts message types by how their codecs work, so that an operator can see which types are not compiled, and why. */

/** What a codec does with the messages of a type. */
export type CodecTask = 'create' | 'encode' | 'decode' | 'read-json' | 'write-json'

/** How it does that: by a function generated for the type, by closures of the same plan, or by protobuf-es. */
export type CodecWay = 'generated' | 'closures' | 'reflective'

/** The types of one task and way. */
export interface CodecCount {
  readonly task: CodecTask
  readonly way: CodecWay
  /** Why the types have no generated function. Empty for those that do. */
  readonly reason: string
  /** How many types, of all that were used since the process started. */
  readonly types: number
}

const counts = new Map<string, CodecCount>()

/** Counts a type, once for each task. The reason is one of a few fixed texts: it must not name the type. */
export function countCodec(task: CodecTask, way: CodecWay, reason = ''): void {
  const key = `${task} ${way} ${reason}`
  const types = (counts.get(key)?.types ?? 0) + 1
  counts.set(key, { task, way, reason, types })
}

/** Returns the counts of this process, in the order of first use. */
export function codecCounts(): readonly CodecCount[] {
  return [...counts.values()]
}
