/** The signal of a caller: code that is not ours, where what it throws ends no more than the call. */
import type { ConnectError } from '@connectrpc/connect'
import { type Abortable, joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import { abortError } from './call-errors.ts'

/** The call of that caller. */
export interface SignalListener {
  /** @param reason as the signal has it */
  onAborted(error: ConnectError, reason: unknown): void
}

/** Listens until it is left. Calls that share a signal have one listener on it. */
export class CallerSignal implements Abortable {
  readonly #signal: AbortSignal
  readonly #listener: SignalListener

  constructor(signal: AbortSignal, listener: SignalListener) {
    this.#signal = signal
    this.#listener = listener
  }

  /** Calls the listener when the signal aborts, now if it has. @throws for what is not a signal */
  heed(): void {
    joinAbort(this.#signal, this)
  }

  /** The call is over. */
  leave(): void {
    try {
      leaveAbort(this.#signal, this)
    } catch {
      // It never was a signal, which has ended the call.
    }
  }

  /** From the signal. */
  abort(reason: unknown): void {
    this.#listener.onAborted(abortError(this.#signal), reason)
  }
}
