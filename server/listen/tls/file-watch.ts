/** Sees that files have changed, however that was done: written in place, renamed over, or behind a link that was swapped. */
import { stat } from 'node:fs/promises'

/** How often files are looked at. Looking works on every file system, also where the kernel reports nothing, as over a network. */
const INTERVAL_MS = 500

/**
 * Reports a change once two looks in a row have found the files alike, as a certificate and its key are written one after the other.
 */
export class FileWatch {
  readonly #paths: readonly string[]
  readonly #onChange: () => void
  #reported = ''
  #last = ''
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(paths: readonly string[], onChange: () => void) {
    this.#paths = paths
    this.#onChange = onChange
  }

  /** Harmless if it has started, or if there is no file. */
  start(): void {
    if (this.#paths.length === 0) return
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** What changed between the first reading and the first look is reported too: reading twice is harmless. */
  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const stamp = (await Promise.all(this.#paths.map(stampOf))).join()
    this.#isLooking = false
    const isSettled = stamp === this.#last
    this.#last = stamp
    if (!isSettled || stamp === this.#reported || this.#timer === undefined) return
    this.#reported = stamp
    this.#onChange()
  }
}

/** Follows links. A file that is not there has a stamp too: reading it says what is wrong. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return 'none'
  }
}
