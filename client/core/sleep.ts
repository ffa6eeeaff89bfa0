/** A timer that a signal can end. */

/** The longest delay of timers in Node and browsers; a longer one fires at once. */
const MAX_TIMER_MS = 2_147_483_647

/** Resolves after the delay, however long, or when the signal aborts. Never rejects, and leaves no timer behind. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    let restMs = delayMs
    let timer: ReturnType<typeof setTimeout>
    signal?.addEventListener('abort', finish)
    wait()
    function wait(): void {
      const waitMs = Math.min(restMs, MAX_TIMER_MS)
      restMs -= waitMs
      timer = setTimeout(restMs > 0 ? wait : finish, waitMs)
    }
    function finish(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
  })
}
