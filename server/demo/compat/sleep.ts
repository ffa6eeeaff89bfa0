/** A wait that an abort cuts short. */

/** Waits that many milliseconds. Rejects with the signal's reason when it aborts, at once and with the timer cleared. */
export function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  const onAbort = () => {
    clearTimeout(timer)
    reject(signal.reason)
  }
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', onAbort)
    resolve()
  }, delayMs)
  signal.addEventListener('abort', onAbort, { once: true })
  return promise
}
