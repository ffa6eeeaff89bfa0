/** The request headers of a call: those of the credentials, and those that the user has typed. */
import type { Fields } from '../../contracts/live-call.ts'

/**
 * Returns the headers. Typed ones replace those of the credentials by the same name, as both together would be one value with a comma. An
 * empty one does not: a saved call has it in place of a secret.
 */
export function callHeaders(credentials: Fields, typed: Fields): Headers {
  const known = namesOf(credentials)
  const own = typed.filter(([name, value]) => value !== '' || !known.has(name.toLowerCase()))
  const replaced = namesOf(own)
  const kept = credentials.filter(([name]) => !replaced.has(name.toLowerCase()))
  return new Headers([...kept, ...own].map(([name, value]) => [name, value]))
}

function namesOf(fields: Fields): ReadonlySet<string> {
  return new Set(fields.map(([name]) => name.toLowerCase()))
}
