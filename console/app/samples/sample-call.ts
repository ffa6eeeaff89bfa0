/** A call of a sample that the user starts and ends, as signals. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { errorText } from '../../../client/web/page/parts/error-text.ts'
import { Outbox } from '../../../client/web/page/parts/outbox.ts'

/** How far a call is. */
export type SampleState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'open' }
  | { readonly kind: 'ended'; readonly summary: string }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Makes the call: reads its responses until it ends, and returns what to say then.
 *
 * @param requests what the user sends
 */
export type MakeCall<Request> = (requests: AsyncIterable<Request>, signal: AbortSignal) => Promise<string>

/** At most one call at a time. */
export class SampleCall<Request> {
  readonly #make: MakeCall<Request>
  readonly #state = signal<SampleState>({ kind: 'idle' })
  #outbox = new Outbox<Request>()
  #running: AbortController | undefined

  constructor(make: MakeCall<Request>) {
    this.#make = make
  }

  get state(): ReadonlySignal<SampleState> {
    return this.#state
  }

  /** Starts the call with its first requests. */
  start(...first: readonly Request[]): void {
    if (this.#running !== undefined) return
    const running = new AbortController()
    this.#running = running
    this.#outbox = new Outbox()
    for (const request of first) this.#outbox.push(request)
    this.#state.value = { kind: 'open' }
    void this.#run(running)
  }

  /** Sends a request into the open call. */
  send(request: Request): void {
    this.#outbox.push(request)
  }

  /** Ends the requests; the server ends the call. */
  halfClose(): void {
    this.#outbox.end()
  }

  /** Leaves the call at once, as when its view is left. */
  leave(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#state.value = { kind: 'idle' }
  }

  async #run(running: AbortController): Promise<void> {
    const state = await this.#make(this.#outbox, running.signal).then(
      (summary): SampleState => ({ kind: 'ended', summary }),
      (reason): SampleState => ({ kind: 'failed', reason: errorText(reason) }),
    )
    if (this.#running !== running) return
    this.#running = undefined
    this.#state.value = state
  }
}
