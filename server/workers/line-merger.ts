/** Keeps the lines whole that several processes write. */
import { fstatSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** The longest beginning of a line that is kept until its end, in UTF-16 units. A longer line may be torn. */
const MAX_HELD_LENGTH = 1_048_576

/**
 * Whether writes of several processes to a descriptor may mix: a pipe takes at most 4 KiB at once (PIPE_BUF of pipe(7)). Files and
 * terminals take each write as a whole.
 */
export function mayTearLines(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.isFIFO() || stats.isSocket()
  } catch {
    // It is closed.
    return false
  }
}

/** Passes on what a process writes, in whole lines. What it leaves without an end of line when it ends gets one. */
export function mergeLines(source: Readable, write: (lines: string) => void): void {
  let held = ''
  source.setEncoding('utf8').on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1
    if (end === 0 && held.length + text.length < MAX_HELD_LENGTH) {
      held += text
      return
    }
    const at = end === 0 ? text.length : end
    write(held + text.slice(0, at))
    held = text.slice(at)
  })
  source.on('end', () => {
    if (held !== '') write(`${held}\n`)
  })
}
