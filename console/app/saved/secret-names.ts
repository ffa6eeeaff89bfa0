/** The names of request headers whose values are never kept: those that speak of secrets, those of the sign-in, and those that the user marks. */
import { signal } from '@preact/signals'
import { isSecretHeader } from '../contracts/saved-call.ts'
import { onStoredElsewhere, readStored, writeStored } from '../parts/stored.ts'
import { credentialHeaders } from '../session/credentials.ts'

const KEY = 'secret-headers'

const marked = signal<ReadonlySet<string>>(readMarked())
onStoredElsewhere(KEY, () => {
  marked.value = readMarked()
})

/** Whether the values of a header are secrets. */
export function isSecretName(name: string): boolean {
  const lower = lowerOf(name)
  if (isSecretHeader(lower) || marked.value.has(lower)) return true
  return credentialHeaders.value.some(([each]) => lowerOf(each) === lower)
}

/** Whether the user can say that a header is no secret: one whose name speaks of secrets always is. */
export function isMarkable(name: string): boolean {
  return name.trim() !== '' && !isSecretHeader(name)
}

/** Marks a header as a secret, or as none. The browser keeps the name. */
export function markSecret(name: string, isSecret: boolean): void {
  const names = new Set(marked.value)
  if (isSecret) names.add(lowerOf(name))
  else names.delete(lowerOf(name))
  marked.value = names
  writeStored('local', KEY, JSON.stringify([...names]))
}

function readMarked(): ReadonlySet<string> {
  try {
    const names: unknown = JSON.parse(readStored('local', KEY) ?? '[]')
    return new Set(Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [])
  } catch {
    return new Set()
  }
}

function lowerOf(name: string): string {
  return name.trim().toLowerCase()
}
