/** The calls of a lane that are still open when the server's time is over. */
import type { ConnectError } from '@connectrpc/connect'
import { runInSlices, type SlicedWork } from '../../wire/http2/http2.ts'

/** A call that has not ended yet. */
export interface WaitingCall {
  /** Among the waiting calls. Theirs to set. */
  isWaiting: boolean
  /** Ends the call with this error. To be called once. */
  cut(error: ConnectError): void
}

/** Calls that ended in the turn in which they began never were in it: they cost nothing. */
export class WaitingCalls implements SlicedWork {
  readonly #calls = new Set<WaitingCall>()
  readonly #signal: AbortSignal | undefined

  /** @param signal aborts with a ConnectError when calls may no longer be open; undefined: never */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
    signal?.addEventListener('abort', () => runInSlices(this), { once: true })
  }

  /** Cuts the call at once where the time is over. */
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
