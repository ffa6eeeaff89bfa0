/** Reads the address of a server, and whether to speak TLS with it. */
import { DEFAULT_RESOLVERS } from '../../resolver/default-resolvers.ts'
import { UsageError } from '../terminal/program-errors.ts'

/** What the flags say about TLS. */
export interface TlsChoice {
  /** `--plaintext`: no TLS. */
  readonly isPlaintext: boolean
  /** The flag that asks for TLS, as it was written; undefined when none does. */
  readonly tlsFlag: string | undefined
}

/** Where an address leads, as the options of a channel say it. */
export interface Place {
  readonly where: { readonly baseUrl: string } | { readonly target: string }
  readonly isTls: boolean
}

/** For the help of commands. */
export const ADDRESS_HELP = `ADDRESS is http://host:port, https://host:port, or host:port, or a target that may lead to many servers, as
dns:///host:port, static:///a:1,b:2 or unix:/run/app.sock. The last two kinds are TLS without --plaintext.`

const BARE = 'https:'
const SCHEME = /^([a-z][a-z0-9+.-]*):(.*)$/is

/**
 * Reads `http://host:port`, `https://host:port`, `host:port` or a target. The last two are TLS unless the flags say
 * `--plaintext`. Whether a target is as its scheme wants it, the options of the channel see to.
 *
 * @throws UsageError when the address is none, or when it and a flag, or two flags, say opposite things
 */
export function parseAddress(address: string, tls: TlsChoice): Place {
  const { isPlaintext, tlsFlag } = tls
  if (isPlaintext && tlsFlag !== undefined) throw new UsageError(`--plaintext and ${tlsFlag} contradict each other`)
  if (isTarget(address)) return { where: { target: address }, isTls: !isPlaintext }
  const url = readUrl(address, tls)
  return { where: { baseUrl: url.href.replace(/\/$/, '') }, isTls: url.protocol === 'https:' }
}

/** A host may have the name of a scheme: `dns:80` is one, with a port. */
function isTarget(address: string): boolean {
  const [, scheme = '', rest = ''] = SCHEME.exec(address) ?? []
  const isKnown = DEFAULT_RESOLVERS.some((resolver) => resolver.scheme === scheme.toLowerCase())
  return isKnown && !/^\d+$/.test(rest)
}

function readUrl(address: string, { isPlaintext, tlsFlag }: TlsChoice): URL {
  const hasScheme = address.includes('://')
  const url = parseUrl(hasScheme ? address : `${BARE}//${address}`)
  if (url === undefined || (!hasScheme && url.pathname !== '/')) {
    const forms = 'host:port, http://host:port, https://host:port, or a target as dns:///host:port'
    throw new UsageError(`"${address}" is no address: write ${forms}`)
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
