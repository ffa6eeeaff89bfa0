/** Loads the search in a pause of the page, or when it is first opened. */
import { effect, signal } from '@preact/signals'
import { api } from '../session/facts.ts'
import { isSearchOpen } from './open-dialogs.ts'

type SearchModule = typeof import('./search/search-dialog.tsx')

const loaded = signal<SearchModule | null>(null)

/** After this time the first view is there. */
const SETTLED_MS = 1_000

/** Draws the search while it is open. */
export function SearchSlot() {
  if (!isSearchOpen.value) return null
  if (loaded.value === null) {
    void load()
    return null
  }
  const { SearchDialog } = loaded.value
  return <SearchDialog onClose={close} />
}

function close(): void {
  isSearchOpen.value = false
}

async function load(): Promise<void> {
  try {
    loaded.value = await import('./search/search-dialog.tsx')
  } catch {
    // The server is away, which the header says. The next press of the keys tries again.
    close()
  }
}

effect(() => {
  const known = api.value
  if (known === null) return
  const timer = setTimeout(async () => {
    await load()
    loaded.peek()?.prepareSearch(known)
  }, SETTLED_MS)
  return () => clearTimeout(timer)
})
