/** A signal whose text outlives the page. */
import { effect, type Signal, signal } from '@preact/signals'
import { readStored, type StoreKind, writeStored } from './stored.ts'

/** Returns a signal that starts with the stored text, or `fallback`, and stores every later one. */
export function storedSignal<T extends string>(
  kind: StoreKind,
  key: string,
  fallback: T,
  isValid: (text: string) => text is T,
): Signal<T> {
  const stored = readStored(kind, key)
  const value = signal<T>(stored !== null && isValid(stored) ? stored : fallback)
  let isFirst = true
  effect(() => {
    const text = value.value
    if (!isFirst) writeStored(kind, key, text)
    isFirst = false
  })
  return value
}
