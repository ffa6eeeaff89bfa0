/** Entries of a registry that are not instances. */
import { warnOfFault } from '../../wire/http2/http2.ts'
import { clipValue } from '../../wire/text/clip-text.ts'

/** An entry that is not an instance. */
export interface InvalidEntry {
  readonly key: string
  /** `it is not JSON` */
  readonly reason: string
}

/** The most keys that are remembered as reported. */
const MAX_REPORTED = 100

/** Returns a function that causes one process warning for each entry, and for 100 of them at most. */
export function reportInvalidEntries(registry: string): (entry: InvalidEntry) => void {
  const reported = new Set<string>()
  return ({ key, reason }) => {
    if (reported.has(key) || reported.size >= MAX_REPORTED) return
    reported.add(key)
    warnOfFault(new Error(`${registry}: the entry ${JSON.stringify(clipValue(key))} is not an instance: ${reason}`))
  }
}
