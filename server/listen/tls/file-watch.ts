/**
 * Detects file changes, however they are made: written in place, renamed over, or behind a symbolic link that was
 * replaced (as Kubernetes does).
 */
import { stat } from 'node:fs/promises'

/**
 * How often files are checked. Polling works on every file system, including network file systems that report no
 * events.
 */
const INTERVAL_MS = 500

/**
 * Reports a change when two checks in a row find the same state, because a certificate and its key are not written at
 * the same instant.
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

  /** Does nothing if it has started, or if there is no file. */
  start(): void {
    if (this.#paths.length === 0) return
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The first check may report a change that has been read already. Reading twice is harmless. */
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

/** Follows links. A missing file has a stamp too: reading it reports what is wrong. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return 'none'
  }
}
