/** What the calls of a lane share. */
import type { TimerWheel } from '../../wire/http2/http2.ts'
import type { ErrorLog } from '../interceptors/call-outcome.ts'
import type { ObserverList } from '../observing/observer-list.ts'
import type { WaitingCalls } from './waiting-calls.ts'

/** Created once per lane. */
export interface CallHost {
  /** Receives unexpected errors of handlers. Never throws. */
  readonly log: ErrorLog
  readonly timers: TimerWheel
  readonly observers: ObserverList
  /** Calls that are cut when the drain time is over. */
  readonly waiting: WaitingCalls
  /** Aborts shortly before the drain time is over. */
  readonly shutdownSignal: AbortSignal
  /** Called for each call that a drain ended early. */
  readonly onCutShort: () => void
}
