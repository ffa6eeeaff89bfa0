/** Reads a policy from a file, and again when the file changes. */
import { type FileHandle, open } from 'node:fs/promises'
import type { Clock, ScheduledTimer } from '../../../wire/http2/clock.ts'
import { invalid, MAX_POLICY_BYTES } from './authorization-policy.ts'

/** What to do with the text of the file. */
export interface PolicyFileOptions {
  /** Puts a text into use. What it throws leaves the earlier one in use. */
  readonly use: (text: string) => void
  /** How often the file is read, in milliseconds; 0 for never. */
  readonly refreshMs: number
  readonly clock: Clock
  /** Receives each error once, until the file changes again. */
  readonly onError: (error: unknown) => void
}

/**
 * A file that is read at intervals. Its content decides whether it has changed: that works on every file system, behind symbolic links
 * that are replaced (as Kubernetes does), and for two writes within the resolution of a timestamp.
 */
export class PolicyFile {
  readonly #path: string
  readonly #options: PolicyFileOptions
  /** The state that was handled last: a text, or an error in reading it. */
  #handled = ''
  /** Whether that state is in use. */
  #isUsed = false
  #timer: ScheduledTimer | null = null
  #isClosed = false
  #reading: Promise<boolean> | null = null

  constructor(path: string, options: PolicyFileOptions) {
    this.#path = path
    this.#options = options
  }

  /**
   * Reads the file for the first time, and from then on at intervals.
   *
   * @throws Error that names the file, if it cannot be read or used
   */
  async open(): Promise<void> {
    try {
      this.#use(await this.#read())
    } catch (error) {
      throw new Error(`${this.#path}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
    this.#schedule()
  }

  /**
   * Reads the file again. Calls during a read share its result. Never rejects.
   *
   * @returns whether the content of the file is in use
   */
  reload(): Promise<boolean> {
    this.#reading ??= this.#reload().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  /** Ends the reads at intervals. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #reload(): Promise<boolean> {
    const read = await this.#read().catch((error: Error) => error)
    try {
      if (typeof read === 'string') this.#use(read)
      else this.#enter(`error ${read.message}`, () => raise(read))
    } catch (error) {
      this.#options.onError(error)
    }
    return this.#isUsed
  }

  #use(text: string): void {
    this.#enter(`text ${text}`, () => this.#options.use(text))
  }

  /** Does nothing in the state that was handled last, so that each error is reported once. */
  #enter(state: string, use: () => void): void {
    if (state === this.#handled) return
    this.#handled = state
    this.#isUsed = false
    use()
    this.#isUsed = true
  }

  #schedule(): void {
    const { refreshMs, clock } = this.#options
    if (refreshMs === 0 || this.#isClosed) return
    this.#timer = clock.schedule(() => void this.reload().then(() => this.#schedule()), refreshMs)
  }

  async #read(): Promise<string> {
    const file = await open(this.#path)
    try {
      return await readAll(file)
    } finally {
      await file.close()
    }
  }
}

/** Reads at most one byte more than a policy may have, whatever the size of the file. */
async function readAll(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(MAX_POLICY_BYTES + 1)
  let length = 0
  while (length < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > MAX_POLICY_BYTES) throw invalid(`it is larger than ${MAX_POLICY_BYTES} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
}

function raise(error: Error): never {
  throw error
}
