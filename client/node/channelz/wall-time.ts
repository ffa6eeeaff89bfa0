/** Says in dates what is known by a clock that only counts. */
import type { Clock } from '../../../wire/http2/http2.ts'

/** The date of a moment of the clock; null for a negative one, which stands for never. */
export function wallTime(clock: Clock, atMs: number): Date | null {
  return atMs < 0 ? null : new Date(Date.now() - (clock.now() - atMs))
}
