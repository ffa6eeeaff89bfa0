/** Retries a call that did not reach the server. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { backoffDelayMs } from '../../../core/backoff.ts'
import { DEFAULT_BACKOFF } from '../../public.ts'
import { ConnectionBadge } from './connection-badge.ts'

/** Retries with growing delays while the server cannot be reached and the demo is visible. */
export class Retries {
  readonly #slot: HTMLElement
  readonly #badge: ConnectionBadge
  readonly #ask: () => Promise<void>
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor(slot: HTMLElement, ask: () => Promise<void>) {
    this.#slot = slot
    this.#ask = ask
    this.#badge = new ConnectionBadge(slot, () => void ask())
  }

  /**
   * Takes the outcome of a call.
   *
   * @param error undefined if the call succeeded
   */
  onOutcome(error: ConnectError | undefined): void {
    this.pause()
    this.#failures = error?.code === Code.Unavailable ? this.#failures + 1 : 0
    this.#slot.hidden = this.#failures === 0
    if (error === undefined || this.#failures === 0) return
    const delayMs = backoffDelayMs(DEFAULT_BACKOFF, this.#failures, Math.random)
    this.#badge.set({ name: 'waiting', error, delayMs, failures: this.#failures })
    this.#timer = setTimeout(this.#ask, delayMs)
  }

  /** Stops retrying, for instance while another demo is shown. */
  pause(): void {
    clearTimeout(this.#timer)
  }

  /** Retries at once if the last call did not reach the server. */
  resume(): void {
    if (this.#failures > 0) void this.#ask()
  }
}
