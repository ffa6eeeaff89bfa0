/** Properties of the screen, as signals. */
import { type ReadonlySignal, signal } from '@preact/signals'

/** Whether the navigation is a drawer. The same width as in the styles. */
export const isNarrow = mediaSignal('(max-width: 56rem)')

/** Whether the user points with a finger. */
export const isCoarse = mediaSignal('(pointer: coarse)')

function mediaSignal(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query)
  const value = signal(media.matches)
  media.addEventListener('change', () => {
    value.value = media.matches
  })
  return value
}
