/** What the browser keeps, as state of a component. */
import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { onUnreadable } from './kept-store.ts'

/** Reads at first and after each change, of other tabs too. Null until it has been read. `read` has to do the same each time. */
export function useKept<T>(read: () => Promise<T>, version: ReadonlySignal<number>): T | null {
  const [kept, setKept] = useState<T | null>(null)
  const now = version.value
  useEffect(() => {
    let isCurrent = true
    read().then((value) => isCurrent && setKept(value), onUnreadable)
    return () => {
      isCurrent = false
    }
  }, [now])
  return kept
}
