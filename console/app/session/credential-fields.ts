/** What a user fills in to sign in, and the request headers that it becomes. */
import type { ConsoleScheme } from '../../../wire/console/console-facts.ts'
import type { Fields } from '../contracts/live-call.ts'

/** A way to sign in that the form offers. */
export type SignInWay =
  | { readonly kind: 'bearer'; readonly name: string; readonly hint: string }
  | { readonly kind: 'basic'; readonly name: string; readonly hint: string }
  | { readonly kind: 'header'; readonly name: string; readonly header: string; readonly hint: string }
  | { readonly kind: 'certificate'; readonly name: string; readonly hint: string }

/** The texts of the form, empty for what is not filled in. Plain data, which survives JSON. */
export interface CredentialFields {
  readonly token: string
  readonly user: string
  readonly password: string
  /** By the name of the header, in lower case. */
  readonly keys: Readonly<Record<string, string>>
  /** Lines of `name: value`. */
  readonly headers: string
}

/** The form as it is at first. */
export const NO_CREDENTIALS: CredentialFields = { token: '', user: '', password: '', keys: {}, headers: '' }

/** Returns the ways of a server's schemes, each of which is a Security Scheme Object of OpenAPI. */
export function signInWays(schemes: Readonly<Record<string, ConsoleScheme>>): SignInWay[] {
  const ways = Object.entries(schemes).map(([name, scheme]) => wayOf(name, scheme))
  return ways.filter((way) => way !== undefined)
}

function wayOf(name: string, scheme: ConsoleScheme): SignInWay | undefined {
  const { type, description: hint = '' } = scheme
  const http = scheme.scheme?.toLowerCase()
  if (type === 'http' && http === 'basic') return { kind: 'basic', name, hint }
  if (type === 'http' && http === 'bearer') return { kind: 'bearer', name, hint }
  // The page does not sign in at others: the user brings the token.
  if (type === 'oauth2' || type === 'openIdConnect') return { kind: 'bearer', name, hint }
  if (type === 'apiKey' && scheme.in === 'header' && scheme.name !== undefined) {
    return { kind: 'header', name, header: scheme.name.toLowerCase(), hint }
  }
  if (type === 'mutualTLS') return { kind: 'certificate', name, hint }
  return undefined
}

/**
 * Returns the headers of what is filled in.
 *
 * @throws Error that says which part is invalid
 */
export function headersOf(fields: CredentialFields): Fields {
  const headers: [string, string][] = []
  const token = fields.token.trim().replace(/^bearer\s+/i, '')
  if (token !== '') headers.push(['authorization', `Bearer ${token}`])
  else if (fields.user !== '' || fields.password !== '') headers.push(['authorization', basicOf(fields)])
  for (const [name, value] of Object.entries(fields.keys)) {
    if (value.trim() !== '') headers.push([name, value.trim()])
  }
  headers.push(...headerLines(fields.headers))
  for (const [name, value] of headers) assertValid(name, value)
  return headers
}

/** RFC 7617: the user's name ends at the first colon. */
function basicOf({ user, password }: CredentialFields): string {
  if (user.includes(':')) throw new Error('a user name of Basic authentication cannot contain a colon')
  const octets = new TextEncoder().encode(`${user}:${password}`)
  return `Basic ${btoa(String.fromCharCode(...octets))}`
}

function headerLines(text: string): [string, string][] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const colon = line.indexOf(':')
    if (colon === -1) throw new Error(`"${line.trim()}" has no colon between a name and a value`)
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
  })
}

function assertValid(name: string, value: string): void {
  try {
    new Headers([[name, value]])
  } catch {
    throw new Error(`the value of "${name}" cannot be sent as a header`)
  }
}
