/** The requests of the start: what the server tells about itself, and its descriptors. */
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Fields } from '../contracts/live-call.ts'
import { behindProxy } from './behind-proxy.ts'

/** The server cannot be reached, or a proxy in front of it cannot. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** What a request for the descriptors brings. */
export type DescriptorAnswer =
  | { readonly kind: 'descriptors'; readonly octets: Uint8Array; readonly etag: string | null }
  | { readonly kind: 'refused'; readonly httpStatus: 401 | 403 }

/**
 * Fetches the facts.
 *
 * @throws UnreachableError
 * @throws Error if what answers is no console's server
 */
export async function fetchFacts(): Promise<ConsoleFacts> {
  const response = await reach('./facts.json', { cache: 'no-store' })
  if (!response.ok) throw new Error(`facts.json is answered with HTTP status ${response.status}`)
  const received: ConsoleFacts = await response.json().catch(() => {
    throw new Error('facts.json is no JSON')
  })
  return behindProxy(received, location.pathname)
}

/**
 * Fetches the descriptors.
 *
 * @throws UnreachableError
 * @throws Error if the server answers anything but descriptors
 */
export async function fetchDescriptors(path: string, credentials: Fields): Promise<DescriptorAnswer> {
  const response = await reach(path, {
    headers: credentials.map(([name, value]): [string, string] => [name, value]),
    // Asks the server each time, which answers 304 for what the browser has.
    cache: 'no-cache',
  })
  const { status } = response
  if (status === 401 || status === 403) return { kind: 'refused', httpStatus: status }
  if (!response.ok) throw new Error(`the request for the descriptors is answered with HTTP status ${status}`)
  try {
    return {
      kind: 'descriptors',
      octets: new Uint8Array(await response.arrayBuffer()),
      etag: response.headers.get('etag'),
    }
  } catch (cause) {
    throw new UnreachableError('the connection broke', { cause })
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause) => {
    throw new UnreachableError('the server does not answer', { cause })
  })
  // What proxies answer in place of a server.
  if ([502, 503, 504].includes(response.status)) {
    throw new UnreachableError(`a proxy answers with HTTP status ${response.status}`)
  }
  return response
}
