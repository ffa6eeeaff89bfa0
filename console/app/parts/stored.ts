/** Small values that outlive the page. Browsers may refuse to store: then they live as long as the page. */

/** Where a value is kept: `local` for good, `session` for the tab. */
export type StoreKind = 'local' | 'session'

/** The path of the folder of this script. */
const FOLDER = new URL(import.meta.url).pathname.replace(/[^/]*$/, '')

/** Returns a stored text; null if there is none. */
export function readStored(kind: StoreKind, key: string): string | null {
  try {
    return storeOf(kind)?.getItem(nameOf(key)) ?? null
  } catch {
    return null
  }
}

/** Stores a text. Null removes it. */
export function writeStored(kind: StoreKind, key: string, text: string | null): void {
  try {
    if (text === null) storeOf(kind)?.removeItem(nameOf(key))
    else storeOf(kind)?.setItem(nameOf(key), text)
  } catch {
    // Full, or refused.
  }
}

/** That of pages; unit tests have none. */
type ListenForStorage = (name: 'storage', listener: (event: { readonly key: string | null }) => void) => void

/** Calls `listener` when another tab has stored a value for good, so that this one does not overwrite it with what it knows. */
export function onStoredElsewhere(key: string, listener: () => void): void {
  const { addEventListener } = globalThis as { readonly addEventListener?: ListenForStorage }
  addEventListener?.('storage', (event) => {
    // Null: all values are gone.
    if (event.key === nameOf(key) || event.key === null) listener()
  })
}

/** Undefined outside of pages, as in unit tests. */
function storeOf(kind: StoreKind): Storage | undefined {
  if (!('document' in globalThis)) return undefined
  return kind === 'local' ? localStorage : sessionStorage
}

/** An origin may have several consoles, under prefixes of their own. */
function nameOf(key: string): string {
  return `portico-console:${FOLDER}:${key}`
}
