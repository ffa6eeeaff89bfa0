/** The current certificates and key of a channel. */
import { statSync } from 'node:fs'
import type { SecureContext } from 'node:tls'
import { readTls, tlsFiles } from './read-tls.ts'
import type { TlsOptions } from './tls-options.ts'

/** What a source depends on. */
export interface TlsSourceParts {
  /** Returns the time of a monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Receives the reason why files are invalid, once until the reason changes. */
  readonly onFault: (error: RangeError) => void
}

/** Minimum interval between checks of the files. */
const MIN_INTERVAL_MS = 1_000

/** Reads files at the start, and again when they have changed. */
export class TlsSource {
  readonly #options: TlsOptions
  readonly #parts: TlsSourceParts
  readonly #files: readonly string[]
  #context: SecureContext
  #stamp: string
  #lookedAtMs: number
  #fault = ''

  /** @throws RangeError that names the option, and the file if there is one */
  constructor(options: TlsOptions, parts: TlsSourceParts) {
    this.#options = options
    this.#parts = parts
    this.#files = tlsFiles(options)
    // Taken before reading, so that a change during the read is detected.
    this.#stamp = this.#currentStamp()
    this.#context = readTls(options)
    this.#lookedAtMs = parts.now()
  }

  /** Returns the context for a new connection. Checks the files if that is due. */
  secureContext(): SecureContext {
    const now = this.#parts.now()
    if (this.#files.length > 0 && now - this.#lookedAtMs >= MIN_INTERVAL_MS) {
      this.#lookedAtMs = now
      this.#refresh()
    }
    return this.#context
  }

  /** Reads the files. Certificate and key may be replaced one after the other, so both are read again until they match. */
  #refresh(): void {
    const stamp = this.#currentStamp()
    if (stamp === this.#stamp) return
    try {
      this.#context = readTls(this.#options)
      this.#stamp = stamp
      this.#fault = ''
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      if (error.message !== this.#fault) this.#parts.onFault(error)
      this.#fault = error.message
    }
  }

  /** Returns a stamp that is equal as long as no file has changed. */
  #currentStamp(): string {
    return this.#files.map(stampOf).join()
  }
}

/** Returns the stamp of a file. If it is inaccessible, reading it reports the reason. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}
