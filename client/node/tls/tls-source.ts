/** The certificates and the key of a channel, as they are now. */
import { statSync } from 'node:fs'
import type { SecureContext } from 'node:tls'
import { readTls, tlsFiles } from './read-tls.ts'
import type { TlsOptions } from './tls-options.ts'

/** What a source works with. */
export interface TlsSourceParts {
  /** Milliseconds since some fixed moment. */
  readonly now: () => number
  /** Told why files are no good, once until something else is wrong. */
  readonly onFault: (error: RangeError) => void
}

/** A file is not looked at more often. */
const MIN_INTERVAL_MS = 1_000

/** Reads files at first, and again when they have changed. */
export class TlsSource {
  readonly #options: TlsOptions
  readonly #parts: TlsSourceParts
  readonly #files: readonly string[]
  #context: SecureContext
  #stamp: string
  #lookedAtMs: number
  #fault = ''

  /** @throws RangeError naming the option, and the file where there is one */
  constructor(options: TlsOptions, parts: TlsSourceParts) {
    this.#options = options
    this.#parts = parts
    this.#files = tlsFiles(options)
    // Before it is read: what changes meanwhile is read again.
    this.#stamp = this.#currentStamp()
    this.#context = readTls(options)
    this.#lookedAtMs = parts.now()
  }

  /** What a new connection is to use. Looks at the files if that is due. */
  secureContext(): SecureContext {
    const now = this.#parts.now()
    if (this.#files.length > 0 && now - this.#lookedAtMs >= MIN_INTERVAL_MS) {
      this.#lookedAtMs = now
      this.#refresh()
    }
    return this.#context
  }

  /** Certificate and key may be replaced one after the other: until they fit, both are tried again. */
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

  /** Equal as long as no file has changed. */
  #currentStamp(): string {
    return this.#files.map(stampOf).join()
  }
}

/** One that cannot be looked at cannot be read either, which says why. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}
