/** The signal of a caller, whose errors affect only its call. */
import type { ConnectError } from '@connectrpc/connect'
import { type Abortable, joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import { abortError } from './call-errors.ts'

/** The call that listens to a signal. */
export interface SignalListener {
  /** @param reason the reason of the signal */
  onAborted(error: ConnectError, reason: unknown): void
}

/** Listens to a signal until `leave`. Calls that share a signal share one listener. */
export class CallerSignal implements Abortable {
  readonly #signal: AbortSignal
  readonly #listener: SignalListener

  constructor(signal: AbortSignal, listener: SignalListener) {
    this.#signal = signal
    this.#listener = listener
  }

  /** Calls the listener when the signal aborts, immediately if it has. @throws if it is not a signal */
  heed(): void {
    joinAbort(this.#signal, this)
  }

  /** Stops listening when the call ends. */
  leave(): void {
    try {
      leaveAbort(this.#signal, this)
    } catch {
      // It is not a signal, which has failed the call.
    }
  }

  /** Called by the signal. */
  abort(reason: unknown): void {
    this.#listener.onAborted(abortError(this.#signal), reason)
  }
}
