/** Small settings that outlive the page. A browser may refuse to store anything: then they do not. */

/** What was stored, or undefined. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`portico.${key}`) ?? undefined
  } catch {
    return undefined
  }
}

/** Stores a value; undefined forgets it. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`portico.${key}`)
    else localStorage.setItem(`portico.${key}`, value)
  } catch {
    // A page without storage works all the same.
  }
}
