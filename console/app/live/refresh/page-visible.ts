/** Whether the page can be seen. What is refreshed or watched rests while it cannot. */
import { signal } from '@preact/signals'

/** False while the tab is in the background, or the window is minimized. */
export const isPageVisible = signal(!document.hidden)

document.addEventListener('visibilitychange', () => {
  isPageVisible.value = !document.hidden
})
