/** Shows how a stream stands, and offers to try again. */
import type { WatchState } from '../../public.ts'
import { element } from './element.ts'
import { errorText } from './error-text.ts'
import { formatDuration } from './format.ts'

/** What a badge can show: the states of a watch, one that gave up, and none. */
export type ConnectionState =
  | WatchState
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'off' }

/** A server that answers with its first message only looks the same as a slow one: after this the words fit both. */
const PATIENCE_MS = 1_500

/** A pill with a coloured dot and words, announced politely when they change. */
export class ConnectionBadge {
  readonly #label = element('span')
  readonly #pill = element('span', { class: 'badge', role: 'status' }, this.#label)
  readonly #retry = element('button', { class: 'button is-quiet', type: 'button', hidden: '' }, 'Try now')
  #patience: ReturnType<typeof setTimeout> | undefined

  /** Puts the badge into its place. `onRetry` is called when the user does not want to wait. */
  constructor(slot: HTMLElement, onRetry: () => void) {
    slot.append(this.#pill, this.#retry)
    this.#retry.addEventListener('click', onRetry)
    this.set({ name: 'off' })
  }

  /** Shows a state from now on. */
  set(state: ConnectionState): void {
    clearTimeout(this.#patience)
    this.#pill.dataset.state = state.name
    this.#label.textContent = labelOf(state)
    this.#retry.hidden = state.name !== 'waiting' && state.name !== 'failed'
    if (state.name !== 'connecting') return
    this.#patience = setTimeout(() => {
      this.#label.textContent = 'Waiting for a message'
    }, PATIENCE_MS)
  }
}

function labelOf(state: ConnectionState): string {
  switch (state.name) {
    case 'connecting':
      return 'Connecting'
    case 'live':
      return 'Live'
    case 'waiting':
      return `Reconnecting in ${formatDuration(state.delayMs)} (${errorText(state.error)})`
    case 'failed':
      return errorText(state.error)
    case 'off':
      return 'Off'
  }
}
