/** Small settings that survive a reload, unless the browser refuses to store them. */

/** Returns the stored value, or undefined. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`portico.${key}`) ?? undefined
  } catch {
    return undefined
  }
}

/** Stores a value; undefined removes it. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`portico.${key}`)
    else localStorage.setItem(`portico.${key}`, value)
  } catch {
    // The page works without storage.
  }
}
