/** Loads something again and again, at an interval that the user chooses. */
import { effect, signal, untracked } from '@preact/signals'
import { backoffDelayMs, DEFAULT_BACKOFF } from '../../../../client/core/backoff.ts'
import { sleep } from '../../../../client/core/sleep.ts'
import { credentialHeaders } from '../../session/credentials.ts'
import { isPageVisible } from './page-visible.ts'

/** The choices of the user, in milliseconds. */
export const INTERVALS_MS: readonly number[] = [1_000, 2_000, 5_000, 10_000, 30_000]

/** Never loads twice at once. After a failure the waits grow. It rests while it is paused, and while the page cannot be seen. */
export class Refresher {
  readonly intervalMs = signal(2_000)
  readonly isPaused = signal(false)
  /** When it last loaded well, in milliseconds since 1970. */
  readonly refreshedAtMs = signal<number | null>(null)
  /** Why the last attempt failed; null if it did not. */
  readonly error = signal<unknown>(null)
  readonly #load: (signal: AbortSignal) => Promise<void>
  #wake: () => void = () => {}

  constructor(load: (signal: AbortSignal) => Promise<void>) {
    this.#load = load
  }

  /** Starts. Returns a function that stops it. */
  start(): () => void {
    return effect(() => {
      if (this.isPaused.value || !isPageVisible.value) return
      // New credentials are tried at once.
      void credentialHeaders.value
      const stopping = new AbortController()
      untracked(() => void this.#run(stopping.signal))
      return () => stopping.abort()
    })
  }

  /** Loads without waiting for the interval, even while it is paused. */
  refreshNow(): void {
    if (this.isPaused.value) void this.#loadOnce(new AbortController().signal)
    else this.#wake()
  }

  async #run(stopped: AbortSignal): Promise<void> {
    let failures = 0
    while (!stopped.aborted) {
      const isLoaded = await this.#loadOnce(stopped)
      failures = isLoaded ? 0 : failures + 1
      if (!stopped.aborted) await this.#wait(failures, stopped)
    }
  }

  async #loadOnce(stopped: AbortSignal): Promise<boolean> {
    try {
      await this.#load(stopped)
      if (stopped.aborted) return true
      this.refreshedAtMs.value = Date.now()
      this.error.value = null
      return true
    } catch (error) {
      if (!stopped.aborted) this.error.value = error
      return false
    }
  }

  async #wait(failures: number, stopped: AbortSignal): Promise<void> {
    const awake = new AbortController()
    this.#wake = () => awake.abort()
    // Another interval counts at once.
    const forget = this.intervalMs.subscribe(skipFirst(this.#wake))
    const failedMs = failures === 0 ? 0 : backoffDelayMs(DEFAULT_BACKOFF, failures, Math.random)
    await sleep(Math.max(this.intervalMs.peek(), failedMs), AbortSignal.any([stopped, awake.signal]))
    forget()
  }
}

/** Signals call their subscribers with the present value first. */
function skipFirst(call: () => void): () => void {
  let isFirst = true
  return () => {
    if (!isFirst) call()
    isFirst = false
  }
}
