/** Handlers in tests that end only with their call. */

/** Rejects with the reason of the signal, when it aborts or at once if it has. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}
