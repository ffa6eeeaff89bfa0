/** The deadline of a call. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type TimerWheel, WheelTimer } from '../../../wire/http2/http2.ts'

/**
 * Returns the timeout of a call in milliseconds; undefined for no deadline. As in Connect, 0 or less means no deadline, not even the default
 * one. So does Infinity.
 *
 * @param timeoutMs the timeout that the caller set; JavaScript callers may pass anything
 * @param defaultMs the timeout of calls that set none; undefined for none
 * @throws ConnectError INVALID_ARGUMENT if it is not a number
 */
export function callTimeoutMs(timeoutMs: unknown, defaultMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return defaultMs
  if (!isTimeout(timeoutMs)) throw new ConnectError(`timeoutMs is ${kindOf(timeoutMs)}, and must be a number`, INVALID)
  return timeoutMs > 0 && timeoutMs !== Number.POSITIVE_INFINITY ? timeoutMs : undefined
}

/** Whether the value is a valid timeout: any number but NaN. */
export function isTimeout(timeoutMs: unknown): timeoutMs is number {
  return typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)
}

/** Created only for calls with a deadline. */
export class CallDeadline {
  /** The timeout in milliseconds, from the start of the call. */
  readonly timeoutMs: number
  readonly #timers: TimerWheel
  readonly #timer: WheelTimer
  readonly #atMs: number
  readonly #onTimeout: () => void

  /** Calls back once, when the remaining time is over; never synchronously. */
  constructor(timers: TimerWheel, { timeoutMs, restMs }: DeadlineTimes, onTimeout: () => void) {
    this.timeoutMs = timeoutMs
    this.#timers = timers
    this.#atMs = timers.clock.now() + restMs
    this.#onTimeout = onTimeout
    this.#timer = new WheelTimer(() => this.#onTimer())
    this.#schedule()
  }

  /** The remaining time in milliseconds; 0 or less once the deadline has passed. */
  get restMs(): number {
    return this.#atMs - this.#timers.clock.now()
  }

  /** Cancels the timer when the call ends. */
  cancel(): void {
    this.#timers.cancel(this.#timer)
  }

  #schedule(): void {
    this.#timers.schedule(this.#timer, Math.max(0, this.restMs))
  }

  /** Checks the time, as the wheel limits long delays, and Node's timers may be slightly early. */
  #onTimer(): void {
    if (this.restMs > 0) this.#schedule()
    else this.#onTimeout()
  }
}

/** The times of a deadline. */
export interface DeadlineTimes {
  /** As {@link CallDeadline.timeoutMs}. */
  readonly timeoutMs: number
  /** The remaining time now. */
  readonly restMs: number
}

const INVALID = Code.InvalidArgument

/** Returns NaN, null, or the type of the value, but never the value itself. */
function kindOf(value: unknown): string {
  return typeof value === 'number' || value === null ? String(value) : `of type ${typeof value}`
}
