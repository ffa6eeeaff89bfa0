/** The requests of the start: what the server tells about itself, and its descriptors. */
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Fields } from '../contracts/live-call.ts'
import { behindProxy } from './behind-proxy.ts'
import { readFacts } from './read-facts.ts'

/** The server cannot be reached, or a proxy in front of it cannot. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** What a request for the descriptors brings. */
export type DescriptorAnswer =
  | { readonly kind: 'descriptors'; readonly octets: Uint8Array; readonly etag: string | null }
  | { readonly kind: 'refused'; readonly httpStatus: 401 | 403 }

/** A server that takes connections, but does not answer, is away too. */
const MAX_FACTS_MS = 10_000

/**
 * Fetches the facts.
 *
 * @throws UnreachableError
 * @throws Error if what answers is no console's server
 */
export async function fetchFacts(signal?: AbortSignal): Promise<ConsoleFacts> {
  const timeout = AbortSignal.timeout(MAX_FACTS_MS)
  const limit = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const response = await reach('./facts.json', { cache: 'no-store', signal: limit })
  if (!response.ok) throw new Error(`facts.json is answered with HTTP status ${response.status}`)
  const text = await received(response.text())
  return behindProxy(readFacts(parsed(text)), location.pathname)
}

/**
 * Fetches the descriptors.
 *
 * @throws UnreachableError
 * @throws Error if the server answers anything but descriptors
 */
export async function fetchDescriptors(
  path: string,
  credentials: Fields,
  signal?: AbortSignal,
): Promise<DescriptorAnswer> {
  const response = await reach(path, {
    headers: credentials.map(([name, value]): [string, string] => [name, value]),
    // Asks the server each time, which answers 304 for what the browser has.
    cache: 'no-cache',
    signal: signal ?? null,
  })
  const { status } = response
  if (status === 401 || status === 403) return { kind: 'refused', httpStatus: status }
  if (!response.ok) throw new Error(`the request for the descriptors is answered with HTTP status ${status}`)
  const octets = new Uint8Array(await received(response.arrayBuffer()))
  return { kind: 'descriptors', octets, etag: response.headers.get('etag') }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  // A redirect could take the credentials elsewhere.
  const response = await fetch(path, { ...init, redirect: 'manual' }).catch((cause) => {
    throw new UnreachableError('the server does not answer', { cause })
  })
  if (response.type === 'opaqueredirect') {
    throw new Error(`${path} is redirected, as by a proxy that asks its users to sign in: reload the page`)
  }
  // What proxies answer in place of a server.
  if ([502, 503, 504].includes(response.status)) {
    throw new UnreachableError(`a proxy answers with HTTP status ${response.status}`)
  }
  return response
}

/** Waits for a body. */
async function received<T>(body: Promise<T>): Promise<T> {
  try {
    return await body
  } catch (cause) {
    throw new UnreachableError('the connection broke', { cause })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('facts.json is no JSON')
  }
}
