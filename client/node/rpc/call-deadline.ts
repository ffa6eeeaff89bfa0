/** The moment at which a call is over, whatever it waits for. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type TimerWheel, WheelTimer } from '../../../wire/http2/http2.ts'

/**
 * Returns the time that a call gets, in milliseconds; undefined: no deadline. As in Connect, 0 or less means none, not even the
 * default. Infinity means none too.
 *
 * @param timeoutMs what the caller asked for; JavaScript callers may give anything
 * @param defaultMs for calls that say nothing; undefined: none
 * @throws ConnectError INVALID_ARGUMENT if it is not a number
 */
export function callTimeoutMs(timeoutMs: unknown, defaultMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return defaultMs
  if (!isTimeout(timeoutMs)) throw new ConnectError(`timeoutMs is ${kindOf(timeoutMs)}, and must be a number`, INVALID)
  return timeoutMs > 0 && timeoutMs !== Number.POSITIVE_INFINITY ? timeoutMs : undefined
}

/** Whether this can be the timeout of a call: any number but NaN. */
export function isTimeout(timeoutMs: unknown): timeoutMs is number {
  return typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs)
}

/** Made for calls that have a deadline. */
export class CallDeadline {
  /** As it was asked for, in milliseconds from the start of the call. */
  readonly timeoutMs: number
  readonly #timers: TimerWheel
  readonly #timer: WheelTimer
  readonly #atMs: number
  readonly #onTimeout: () => void

  /** Calls back once, when the rest of the time is over; never from within. */
  constructor(timers: TimerWheel, { timeoutMs, restMs }: DeadlineTimes, onTimeout: () => void) {
    this.timeoutMs = timeoutMs
    this.#timers = timers
    this.#atMs = timers.clock.now() + restMs
    this.#onTimeout = onTimeout
    this.#timer = new WheelTimer(() => this.#onTimer())
    this.#schedule()
  }

  /** In milliseconds; 0 or less once it has passed. */
  get restMs(): number {
    return this.#atMs - this.#timers.clock.now()
  }

  /** The call is over. */
  cancel(): void {
    this.#timers.cancel(this.#timer)
  }

  #schedule(): void {
    this.#timers.schedule(this.#timer, Math.max(0, this.restMs))
  }

  /** The wheel cuts what is longer than its reach, and timers of Node may be a little early. */
  #onTimer(): void {
    if (this.restMs > 0) this.#schedule()
    else this.#onTimeout()
  }
}

/** How long a call may take. */
export interface DeadlineTimes {
  /** As {@link CallDeadline.timeoutMs}. */
  readonly timeoutMs: number
  /** What is left of it now. */
  readonly restMs: number
}

const INVALID = Code.InvalidArgument

/** NaN, null, or the kind of value, which may be anything: it is not shown. */
function kindOf(value: unknown): string {
  return typeof value === 'number' || value === null ? String(value) : `of type ${typeof value}`
}
