/** Reads the address of a server, and whether to speak TLS with it. */
import { UsageError } from './arguments/usage-error.ts'

/** What the flags say about TLS. */
export interface TlsChoice {
  /** `--plaintext`: no TLS. */
  readonly isPlaintext: boolean
  /** The flag that asks for TLS, as it was written; undefined when none does. */
  readonly tlsFlag: string | undefined
}

const BARE = 'https:'

/**
 * Reads `http://host:port`, `https://host:port` or `host:port`. The last is TLS unless the flags say `--plaintext`.
 *
 * @returns the URL to call, with the path that the address has
 * @throws UsageError when the address is none, or when it and a flag, or two flags, say opposite things
 */
export function parseAddress(address: string, { isPlaintext, tlsFlag }: TlsChoice): URL {
  if (isPlaintext && tlsFlag !== undefined) throw new UsageError(`--plaintext and ${tlsFlag} contradict each other`)
  const hasScheme = address.includes('://')
  const url = parseUrl(hasScheme ? address : `${BARE}//${address}`)
  if (url === undefined || (!hasScheme && url.pathname !== '/')) {
    throw new UsageError(`"${address}" is no address: write host:port, http://host:port or https://host:port`)
  }
  if (!hasScheme) return isPlaintext ? new URL(`http://${address}`) : url
  if (isPlaintext && url.protocol === 'https:') throw new UsageError(`--plaintext and ${address} contradict each other`)
  if (tlsFlag !== undefined && url.protocol === 'http:') {
    throw new UsageError(`${tlsFlag} and ${address} contradict each other`)
  }
  return url
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isPlain && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined
}
