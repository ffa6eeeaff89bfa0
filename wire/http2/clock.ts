/** Time as sessions see it, injected so that tests can move it. */

/** A monotonic clock and one-shot timers. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Calls back once, not before `delayMs` have passed. The timer keeps no process alive. */
  schedule(callback: () => void, delayMs: number): ScheduledTimer
}

/** A timer of a {@link Clock}. */
export interface ScheduledTimer {
  /** The callback is not called any more. Harmless after it was. */
  cancel(): void
}

/** The longest that Node's timers wait; what is longer they take for 1 ms. */
const MAX_DELAY_MS = 2_147_483_647

/** The clock of this process. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    if (delayMs > MAX_DELAY_MS) return scheduleLong(callback, delayMs)
    const timer = setTimeout(callback, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
})

/** One timer after the other. */
function scheduleLong(callback: () => void, delayMs: number): ScheduledTimer {
  let timer = systemClock.schedule(() => {
    timer = systemClock.schedule(callback, delayMs - MAX_DELAY_MS)
  }, MAX_DELAY_MS)
  return { cancel: () => timer.cancel() }
}
