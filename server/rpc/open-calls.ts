/** Tells open calls of a shutdown, with one listener for all of them. */

/** Who wants to know. */
export interface Abortable {
  abort(reason: unknown): void
}

/** Only calls whose handler asked for a signal, or reads messages, are in it: the others could not tell the difference. */
export class OpenCalls {
  readonly #calls = new Set<Abortable>()
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#abortAll(), { once: true })
  }

  /** Aborts at once where the shutdown has begun. */
  add(call: Abortable): void {
    if (this.#signal.aborted) call.abort(this.#signal.reason)
    else this.#calls.add(call)
  }

  delete(call: Abortable): void {
    this.#calls.delete(call)
  }

  #abortAll(): void {
    const calls = [...this.#calls]
    this.#calls.clear()
    for (const call of calls) call.abort(this.#signal.reason)
  }
}
