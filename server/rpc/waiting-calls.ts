/** The open calls of a lane, to be cut when the drain time is over. */
import type { ConnectError } from '@connectrpc/connect'
import { runInSlices, type SlicedWork } from '../../wire/http2/http2.ts'

/** A call that has not ended yet. */
export interface WaitingCall {
  /** Whether it is in the set. Written by `WaitingCalls` only. */
  isWaiting: boolean
  /** Ends the call with this error. Called once. */
  cut(error: ConnectError): void
}

/**
 * Calls that end in the turn in which they start are never added, so they cost nothing. Cutting happens in slices, as
 * thousands of calls may be open.
 */
export class WaitingCalls implements SlicedWork {
  readonly #calls = new Set<WaitingCall>()
  readonly #signal: AbortSignal | undefined

  /** @param signal aborts with a ConnectError when the drain time is over; undefined for never */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
    signal?.addEventListener('abort', () => runInSlices(this), { once: true })
  }

  /** Adds a call, or cuts it at once if the drain time is over already. */
  add(call: WaitingCall): void {
    if (this.#signal === undefined) return
    if (this.#signal.aborted) call.cut(this.#signal.reason)
    else {
      this.#calls.add(call)
      call.isWaiting = true
    }
  }

  delete(call: WaitingCall): void {
    this.#calls.delete(call)
  }

  doPart(): boolean {
    for (const call of this.#calls) {
      this.#calls.delete(call)
      call.cut(this.#signal?.reason)
      return true
    }
    return false
  }
}
