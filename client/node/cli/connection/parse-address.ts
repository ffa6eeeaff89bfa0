/** Parses the address of a server, and decides whether to use TLS. */
import { UsageError } from '../terminal/program-errors.ts'
import { KNOWN_SCHEMES, schemeOf } from './known-resolvers.ts'

/** The flags about TLS. */
export interface TlsChoice {
  /** `--plaintext`: no TLS. */
  readonly isPlaintext: boolean
  /** The flag that requires TLS, as given; undefined if none does. */
  readonly tlsFlag: string | undefined
}

/** A parsed address, as options of a channel. */
export interface Place {
  readonly where: { readonly baseUrl: string } | { readonly target: string }
  readonly isTls: boolean
}

/** For the help of commands. */
export const ADDRESS_HELP = `ADDRESS is http://host:port, https://host:port, or host:port, or a target that may lead to many servers, as
dns:///host:port, static:///a:1,b:2 or unix:/run/app.sock. host:port and targets use TLS unless --plaintext is given.`

const BARE = 'https:'

/**
 * Parses `http://host:port`, `https://host:port`, `host:port` or a target. The last two use TLS unless `--plaintext` is given. The
 * channel's options validate targets.
 *
 * @throws UsageError for an invalid address, and for an address and flags that contradict each other
 */
export function parseAddress(address: string, tls: TlsChoice): Place {
  const { isPlaintext, tlsFlag } = tls
  if (isPlaintext && tlsFlag !== undefined) throw new UsageError(`--plaintext and ${tlsFlag} cannot be used together`)
  if (isTarget(address)) return { where: { target: address }, isTls: !isPlaintext }
  const url = readUrl(address, tls)
  return { where: { baseUrl: url.href.replace(/\/$/, '') }, isTls: url.protocol === 'https:' }
}

/** A host may be named like a scheme: `dns:80` is a host with a port. */
function isTarget(address: string): boolean {
  const scheme = schemeOf(address)
  return scheme !== undefined && KNOWN_SCHEMES.includes(scheme) && !/^\d+$/.test(address.slice(scheme.length + 1))
}

function readUrl(address: string, { isPlaintext, tlsFlag }: TlsChoice): URL {
  const hasScheme = address.includes('://')
  const url = parseUrl(hasScheme ? address : `${BARE}//${address}`)
  if (url === undefined || (!hasScheme && url.pathname !== '/')) {
    const forms = 'host:port, http://host:port, https://host:port, or a target as dns:///host:port'
    throw new UsageError(`"${address}" is not an address: use ${forms}`)
  }
  if (!hasScheme) return isPlaintext ? new URL(`http://${address}`) : url
  if (isPlaintext && url.protocol === 'https:')
    throw new UsageError(`--plaintext and ${address} cannot be used together`)
  if (tlsFlag !== undefined && url.protocol === 'http:') {
    throw new UsageError(`${tlsFlag} and ${address} cannot be used together`)
  }
  return url
}

function parseUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isPlain && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined
}
