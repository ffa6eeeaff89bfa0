/** The moment at which a call is over, whatever it waits for. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type TimerWheel, WheelTimer } from '../../../wire/http2/http2.ts'

/**
 * The deadline that a call asks for, in milliseconds; undefined: none. As in Connect: 0 or less means none, not even the default.
 *
 * @param defaultMs the one of calls that say nothing; undefined: none
 * @throws ConnectError INVALID_ARGUMENT for what is no number
 */
export function callTimeoutMs(timeoutMs: number | undefined, defaultMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return defaultMs
  if (Number.isNaN(timeoutMs)) throw new ConnectError('timeoutMs is NaN, and must be a number', Code.InvalidArgument)
  return timeoutMs > 0 ? timeoutMs : undefined
}

/** Made for calls that have a deadline. */
export class CallDeadline {
  /** As it was asked for, in milliseconds from the beginning of the call. */
  readonly timeoutMs: number
  readonly #timers: TimerWheel
  readonly #timer: WheelTimer
  readonly #atMs: number

  /** Calls back once, when the rest of the time is over; not from within. */
  constructor(timers: TimerWheel, { timeoutMs, restMs }: DeadlineTimes, onTimeout: () => void) {
    this.timeoutMs = timeoutMs
    this.#timers = timers
    this.#atMs = timers.clock.now() + restMs
    this.#timer = new WheelTimer(onTimeout)
    timers.schedule(this.#timer, Math.max(0, restMs))
  }

  /** In milliseconds; 0 or less once it has passed. */
  get restMs(): number {
    return this.#atMs - this.#timers.clock.now()
  }

  /** The call is over. */
  cancel(): void {
    this.#timers.cancel(this.#timer)
  }
}

/** How long a call may take. */
export interface DeadlineTimes {
  /** As {@link CallDeadline.timeoutMs}. */
  readonly timeoutMs: number
  /** What is left of it now. */
  readonly restMs: number
}
