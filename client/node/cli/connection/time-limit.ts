/** The time limit of a command, and what the command releases at its end. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ClientTransport } from '../../transport.ts'
import { readDurationMs } from '../arguments/flag-values.ts'
import type { Io } from '../terminal/io.ts'

/** What is in progress: words that follow "while", or a function that returns them. */
export type Doing = string | (() => string)

/** How long to wait, after the timeout, for work that cannot be cancelled. */
const RELEASE_MS = 250

/** Bounds a command by `--timeout`, and records what it is doing. */
export class TimeLimit {
  /** Aborts on interruption and on timeout. */
  readonly signal: AbortSignal
  readonly #timeoutMs: number | undefined
  readonly #startMs = performance.now()
  readonly #expiry = new AbortController()
  readonly #releases: (() => Promise<void>)[] = []
  #doing: Doing = 'starting'
  #stoppedWhile: string | undefined

  /**
   * @param timeoutMs from now on; undefined for no limit
   * @param interruption aborts when the user interrupts
   */
  constructor(timeoutMs: number | undefined, interruption: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.signal = AbortSignal.any([interruption, this.#expiry.signal])
  }

  /**
   * Runs a command, and returns at the timeout even if the command waits for something that cannot be cancelled.
   *
   * @throws ConnectError DEADLINE_EXCEEDED that says what was in progress
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

  /** Registers something to release once the command has ended, with or without success. */
  defer(release: () => Promise<void>): void {
    this.#releases.push(release)
  }

  /** Records what is in progress from now on. */
  begin(doing: Doing): void {
    this.#doing = doing
  }

  /** Options for calls: the signal, and the remaining time as their deadline. */
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
    const text = `--timeout of ${this.#timeoutMs} ms exceeded while ${this.#stoppedWhile}`
    return new ConnectError(text, Code.DeadlineExceeded, undefined, undefined, cause)
  }
}

/**
 * Runs a command within its `--timeout`.
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
 * Says what a call waits for, in words that follow "while": name resolution, then a connection, then the answer.
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
