/** The signal of a caller: code that is not ours, where what it throws ends no more than the call. */
import type { ConnectError } from '@connectrpc/connect'
import { abortError } from './call-errors.ts'

/** The call of that caller. */
export interface SignalListener {
  /** @param reason as the signal has it */
  onAborted(error: ConnectError, reason: unknown): void
}

/** Listens until it is left. */
export class CallerSignal implements EventListenerObject {
  readonly #signal: AbortSignal
  readonly #listener: SignalListener

  constructor(signal: AbortSignal, listener: SignalListener) {
    this.#signal = signal
    this.#listener = listener
  }

  /** Calls the listener when the signal aborts, now if it has. @throws for what is not a signal */
  heed(): void {
    if (this.#signal.aborted) this.handleEvent()
    else this.#signal.addEventListener('abort', this)
  }

  /** The call is over. */
  leave(): void {
    try {
      this.#signal.removeEventListener('abort', this)
    } catch {
      // It never was a signal, which has ended the call.
    }
  }

  /** From the signal. */
  handleEvent(): void {
    this.#listener.onAborted(abortError(this.#signal), this.#signal.reason)
  }
}
