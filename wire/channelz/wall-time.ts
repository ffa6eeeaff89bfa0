/** Converts times of a monotonic clock to dates. */
import type { Clock } from '../http2/clock.ts'

/** Returns the date of a time of the clock; null for a negative one, which means never. */
export function wallTime(clock: Pick<Clock, 'now'>, atMs: number): Date | null {
  return atMs < 0 ? null : new Date(Date.now() - (clock.now() - atMs))
}
