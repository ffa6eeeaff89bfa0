/** The time that a command has for everything that it does, and what it releases at its end. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ClientTransport } from '../../transport.ts'
import { readDurationMs } from '../arguments/flag-values.ts'
import type { Io } from '../terminal/io.ts'

/** What is under way: words that follow "while", or a function that finds them when they are needed. */
export type Doing = string | (() => string)

/** After the time is up, work that cannot be cancelled is left alone. */
const RELEASE_MS = 250

/** Bounds a command by `--timeout`, and knows what it is doing when the time is up. */
export class TimeLimit {
  /** Aborts when the person interrupts, and when the time is up. */
  readonly signal: AbortSignal
  readonly #timeoutMs: number | undefined
  readonly #startMs = performance.now()
  readonly #expiry = new AbortController()
  readonly #releases: (() => Promise<void>)[] = []
  #doing: Doing = 'starting'
  #stoppedWhile: string | undefined

  /**
   * @param timeoutMs from now on; undefined for no limit
   * @param interruption aborts when the person interrupts
   */
  constructor(timeoutMs: number | undefined, interruption: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.signal = AbortSignal.any([interruption, this.#expiry.signal])
  }

  /**
   * Runs a command, and ends when the time is up, even if something that it waits for cannot be cancelled.
   *
   * @throws ConnectError DEADLINE_EXCEEDED that says what was under way
   */
  async bound(work: () => Promise<void>): Promise<void> {
    const timer = this.#timeoutMs === undefined ? undefined : setTimeout(() => this.#expire(), this.#timeoutMs)
    try {
      await this.#raced(work())
    } catch (error) {
      throw this.#explained(error)
    } finally {
      clearTimeout(timer)
      await this.#raced(Promise.all(this.#releases.map((release) => release())))
    }
  }

  /** Releases something when the command has ended, however it ended. */
  defer(release: () => Promise<void>): void {
    this.#releases.push(release)
  }

  /** Says what is under way from now on. */
  begin(doing: Doing): void {
    this.#doing = doing
  }

  /** For calls: they end when the command has to, and servers know. */
  callOptions(): { signal: AbortSignal; timeoutMs?: number } {
    if (this.#timeoutMs === undefined) return { signal: this.signal }
    const passedMs = performance.now() - this.#startMs
    return { signal: this.signal, timeoutMs: Math.max(1, Math.ceil(this.#timeoutMs - passedMs)) }
  }

  #expire(): void {
    this.#stop()
    this.#expiry.abort(this.#error())
  }

  #stop(): void {
    this.#stoppedWhile ??= typeof this.#doing === 'string' ? this.#doing : this.#doing()
  }

  #explained(error: unknown): unknown {
    const isTimeout = error instanceof ConnectError && error.code === Code.DeadlineExceeded
    if (this.#timeoutMs === undefined || !(isTimeout || this.#expiry.signal.aborted)) return error
    this.#stop()
    return this.#error(error)
  }

  async #raced(work: Promise<unknown>): Promise<void> {
    const { signal } = this.#expiry
    const left = Promise.withResolvers<void>()
    const leaveSoon = () => setTimeout(() => left.reject(this.#error()), RELEASE_MS).unref()
    if (signal.aborted) leaveSoon()
    signal.addEventListener('abort', leaveSoon)
    try {
      await Promise.race([work, left.promise])
    } finally {
      signal.removeEventListener('abort', leaveSoon)
    }
  }

  #error(cause?: unknown): ConnectError {
    const text = `the --timeout of ${this.#timeoutMs} ms passed while ${this.#stoppedWhile}`
    return new ConnectError(text, Code.DeadlineExceeded, undefined, undefined, cause)
  }
}

/**
 * Runs a command within the time of its `--timeout`.
 *
 * @throws UsageError for a value that is not a duration, and what {@link TimeLimit.bound} throws
 */
export async function withinTime(
  { timeout }: { readonly timeout?: string | undefined },
  { signal }: Pick<Io, 'signal'>,
  work: (limit: TimeLimit) => Promise<void>,
): Promise<void> {
  const limit = new TimeLimit(timeout === undefined ? undefined : readDurationMs('--timeout', timeout), signal)
  await limit.bound(() => work(limit))
}

/**
 * The words that follow "while": the name is resolved, then a connection is made, then there is an answer.
 *
 * @param answer what the call is made for
 */
export function waitingFor(transport: ClientTransport, answer: string): string {
  const { state, target, resolution, addresses } = transport.inspect()
  if (state === 'READY') return `waiting for ${answer}`
  if (resolution === null) return `resolving the name of ${target}`
  const address = addresses[0]?.address ?? target
  return `connecting to ${address}`
}
