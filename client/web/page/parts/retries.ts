/** Makes a call again that did not reach the server. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { backoffDelayMs } from '../../../core/backoff.ts'
import { DEFAULT_BACKOFF } from '../../public.ts'
import { ConnectionBadge } from './connection-badge.ts'

/** Asks again, later and later, while the server cannot be reached and the demo is seen. */
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

  /** `error`: why the call failed, if it did. */
  onOutcome(error: ConnectError | undefined): void {
    this.pause()
    this.#failures = error?.code === Code.Unavailable ? this.#failures + 1 : 0
    this.#slot.hidden = this.#failures === 0
    if (error === undefined || this.#failures === 0) return
    const delayMs = backoffDelayMs(DEFAULT_BACKOFF, this.#failures, Math.random)
    this.#badge.set({ name: 'waiting', error, delayMs, failures: this.#failures })
    this.#timer = setTimeout(this.#ask, delayMs)
  }

  /** Waits no longer, for instance while another demo is shown. */
  pause(): void {
    clearTimeout(this.#timer)
  }

  /** Asks at once, if the last call did not reach the server. */
  resume(): void {
    if (this.#failures > 0) void this.#ask()
  }
}
