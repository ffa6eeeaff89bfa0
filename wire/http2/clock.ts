/** The clock of sessions, injected so that tests can control time. */

/** A monotonic clock and one-shot timers. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; monotonic. */
  now(): number
  /** Calls back once, after at least `delayMs`. The timer does not keep the process alive. */
  schedule(callback: () => void, delayMs: number): ScheduledTimer
}

/** A timer of a {@link Clock}. */
export interface ScheduledTimer {
  /** Prevents the callback. Has no effect after it was called. */
  cancel(): void
}

/** The longest delay of Node's timers, which take longer ones for 1 ms. */
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

/** Chains timers for a delay that is longer. */
function scheduleLong(callback: () => void, delayMs: number): ScheduledTimer {
  let timer = systemClock.schedule(() => {
    timer = systemClock.schedule(callback, delayMs - MAX_DELAY_MS)
  }, MAX_DELAY_MS)
  return { cancel: () => timer.cancel() }
}
