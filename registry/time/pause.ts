/** A wait that ends early when it is no longer needed. */
import type { Clock } from '../../wire/http2/http2.ts'

/**
 * Resolves after the delay, or when the signal aborts. Never rejects, and leaves neither a timer nor a listener, as a signal may outlive
 * thousands of waits.
 *
 * @param onStart receives a function that ends the wait, also after it has ended
 */
export async function pause(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
  onStart: (wake: () => void) => void = () => {},
): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  const timer = clock.schedule(wake, delayMs)
  signal.addEventListener('abort', wake)
  onStart(wake)
  await promise
  timer.cancel()
  signal.removeEventListener('abort', wake)
}
