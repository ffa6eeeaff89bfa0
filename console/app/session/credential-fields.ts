/** What a user fills in to sign in, and the request headers that it becomes. */
import type { ConsoleScheme } from '../../../wire/console/console-facts.ts'
import type { Fields } from '../contracts/live-call.ts'

/** A way to sign in that a server names. */
export type SignInWay =
  | { readonly kind: 'bearer'; readonly hint: string }
  | { readonly kind: 'basic'; readonly hint: string }
  | { readonly kind: 'header'; readonly header: string; readonly hint: string }
  /** The page has nothing to ask for: `hint` says how it is done. */
  | { readonly kind: 'elsewhere'; readonly name: string; readonly hint: string }

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

/** Returns the ways of a server's schemes, each of which is a Security Scheme Object of OpenAPI. Schemes that need the same fields are one way. */
export function signInWays(schemes: Readonly<Record<string, ConsoleScheme>>): SignInWay[] {
  const ways = new Map<string, SignInWay>()
  for (const [name, scheme] of Object.entries(schemes)) {
    const way = wayOf(name, scheme)
    const key = [way.kind, way.kind === 'header' ? way.header : way.kind === 'elsewhere' ? name : ''].join()
    const hints = new Set([ways.get(key)?.hint ?? '', way.hint])
    ways.set(key, { ...way, hint: [...hints].filter(Boolean).join(' ') })
  }
  return [...ways.values()]
}

function wayOf(name: string, scheme: ConsoleScheme): SignInWay {
  const { type, description: hint = '', name: field = '' } = scheme
  const http = scheme.scheme?.toLowerCase()
  if (type === 'http' && http === 'basic') return { kind: 'basic', hint }
  if (type === 'http' && http === 'bearer') return { kind: 'bearer', hint }
  if (type === 'oauth2' || type === 'openIdConnect') {
    return {
      kind: 'bearer',
      hint: `${hint} This page does not sign in at ${name}: get a token there, and paste it.`.trim(),
    }
  }
  if (type === 'apiKey' && scheme.in === 'header') return { kind: 'header', header: field.toLowerCase(), hint }
  return { kind: 'elsewhere', name, hint: `${hint} ${elsewhere(scheme)}`.trim() }
}

function elsewhere({ type, in: place = '', name = '', scheme = '' }: ConsoleScheme): string {
  if (type === 'mutualTLS') return 'The browser itself asks for a client certificate, if the server wants one.'
  if (type === 'apiKey' && place === 'cookie') {
    return `The browser sends the cookie "${name}" by itself, once a page of this server has set it.`
  }
  if (type === 'apiKey' && place === 'query') {
    return `This page cannot send "${name}" in the query of calls, where logs and histories would keep it.`
  }
  if (type === 'http') return `This page does not know the scheme "${scheme}": write an authorization header below.`
  return 'This page does not know this way to sign in.'
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
