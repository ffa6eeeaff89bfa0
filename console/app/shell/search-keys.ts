/** The keys that open the search. */
import { isSearchOpen } from './open-dialogs.ts'

const isApple = /Mac|iPhone|iPad/.test(navigator.platform)

/** As people of this system write them. */
export const SEARCH_KEYS = isApple ? '⌘K' : 'Ctrl K'

/** Opens the search by its keys. On Apple's systems Ctrl-K edits text. */
export function listenForSearchKeys(): void {
  addEventListener('keydown', (event) => {
    const isModified = isApple ? event.metaKey : event.ctrlKey
    if (!isModified || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'k') return
    event.preventDefault()
    isSearchOpen.value = true
  })
}
