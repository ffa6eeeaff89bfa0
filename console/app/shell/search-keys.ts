/** The keys that open the search. */
import { isSearchOpen } from './open-dialogs.ts'

const isApple = /Mac|iPhone|iPad/.test(navigator.platform)

/** As people of this system write them. */
export const SEARCH_KEYS = isApple ? '⌘K' : 'Ctrl K'

/** Keyboards of other scripts have their letters on the keys of the Latin ones. */
function isK({ key, code }: KeyboardEvent): boolean {
  return key.toLowerCase() === 'k' || (code === 'KeyK' && !/^[\x20-\x7e]$/.test(key))
}

/** Opens the search by its keys. On Apple's systems Ctrl-K edits text. */
export function listenForSearchKeys(): void {
  addEventListener('keydown', (event) => {
    const isModified = isApple ? event.metaKey : event.ctrlKey
    if (!isModified || event.altKey || event.shiftKey || !isK(event)) return
    event.preventDefault()
    isSearchOpen.value = true
  })
}
