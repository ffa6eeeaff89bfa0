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

/** Undefined outside of pages, as in unit tests. */
function storeOf(kind: StoreKind): Storage | undefined {
  if (!('document' in globalThis)) return undefined
  return kind === 'local' ? localStorage : sessionStorage
}

/** An origin may have several consoles, under prefixes of their own. */
function nameOf(key: string): string {
  return `portico-console:${FOLDER}:${key}`
}
