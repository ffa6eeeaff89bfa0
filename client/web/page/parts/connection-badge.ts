/** Shows the state of a stream, and offers a retry. */
import { Code, type ConnectError } from '@connectrpc/connect'
import type { WatchState } from '../../public.ts'
import { element } from './element.ts'
import { errorText } from './error-text.ts'

/** What a badge can show: the states of a watch, a watch that failed, and none. */
export type ConnectionState =
  | WatchState
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'off' }

/** After this the label says that no message has come: a server may be slow, or send headers only with its first message. */
const PATIENCE_MS = 1_500

/** How often the countdown is updated. */
const TICK_MS = 250

/**
 * A pill with a colored dot and a label. Screen readers announce politely that the connection is lost, that it is back, and why a
 * watch failed, but not every attempt and every second of the countdown.
 */
export class ConnectionBadge {
  readonly #label = element('span')
  readonly #pill = element('span', { class: 'badge' }, this.#label)
  readonly #announced = element('span', { class: 'visually-hidden', role: 'status' })
  readonly #retry = element('button', { class: 'button is-quiet', type: 'button', hidden: '' }, 'Try now')
  #timer: ReturnType<typeof setInterval> | undefined

  /**
   * Adds the badge to its slot.
   *
   * @param onRetry called when the user asks for a retry
   */
  constructor(slot: HTMLElement, onRetry: () => void) {
    slot.append(this.#pill, this.#announced, this.#retry)
    this.#retry.addEventListener('click', onRetry)
    this.set({ name: 'off' })
  }

  /** Shows a state. */
  set(state: ConnectionState): void {
    clearInterval(this.#timer)
    this.#pill.dataset.state = state.name
    this.#retry.hidden = state.name !== 'waiting' && state.name !== 'failed'
    switch (state.name) {
      case 'connecting':
        this.#label.textContent = 'Connecting'
        this.#timer = setTimeout(() => this.#write('Waiting for a message'), PATIENCE_MS)
        break
      case 'live':
        this.#write('Live')
        this.#announce('Live')
        break
      case 'waiting':
        this.#countDown(state.error, state.delayMs)
        this.#announce(`${reasonText(state.error)}, trying again`)
        break
      case 'failed':
        this.#write(errorText(state.error))
        this.#announce(errorText(state.error))
        break
      case 'off':
        this.#write('Off')
    }
  }

  #countDown(error: ConnectError, delayMs: number): void {
    const reason = reasonText(error)
    const dueMs = performance.now() + delayMs
    const write = () => {
      const seconds = Math.max(1, Math.ceil((dueMs - performance.now()) / 1_000))
      this.#write(`${reason}, next try in ${seconds} s`)
    }
    write()
    this.#timer = setInterval(write, TICK_MS)
  }

  #write(text: string): void {
    this.#label.textContent = text
  }

  /** Announces a text, unless it was the last one announced. */
  #announce(text: string): void {
    if (this.#announced.textContent !== text) this.#announced.textContent = text
  }
}

/** Browsers word a lost connection differently; the page uses one text. */
function reasonText(error: ConnectError): string {
  return error.code === Code.Unavailable ? 'Not reachable' : errorText(error)
}
