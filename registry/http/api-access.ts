/** The options of registries with an HTTP API: its URL, TLS and token. */
import { readRegularFile } from '../../client/node/base/read-regular-file.ts'
import { TLS_OPTION_KINDS, type TlsOptions } from '../../client/node/tls/tls-options.ts'
import { TlsSource } from '../../client/node/tls/tls-source.ts'
import { type Clock, warnOfFault } from '../../wire/http2/http2.ts'
import type { OptionShape } from '../../wire/options/check-options.ts'
import type { HttpApiTls } from './http-api.ts'

/** How to verify the registry, and authenticate to it: the options of a channel, except one that means nothing to HTTP/1.1. */
export type ApiTlsOptions = Omit<TlsOptions, 'allowMissingAlpn'>

const { allowMissingAlpn: _, ...API_TLS_KINDS } = TLS_OPTION_KINDS

/** The names of the options. */
export const API_TLS_SHAPE: OptionShape = { kinds: API_TLS_KINDS }

/**
 * Returns the TLS of connections to a URL: null for `http:`.
 *
 * @throws RangeError that names the invalid option, or the file that cannot be read
 */
export function apiTls(baseUrl: URL, options: ApiTlsOptions = {}, clock: Clock): HttpApiTls | null {
  if (baseUrl.protocol === 'http:') return null
  const source = new TlsSource(options, { now: () => clock.now(), onFault: warnOfFault })
  const { servername, insecure } = options
  return { secureContext: () => source.secureContext(), servername, insecure }
}

/**
 * Reads the URL of an API.
 *
 * @param option with its owner, for errors: `consulResolver: address`
 * @param example a valid URL
 * @throws RangeError that does not show the URL, as it may have a password
 */
export function readApiUrl(option: string, text: string, example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isBare = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (url !== null && isBare && /^https?:$/.test(url.protocol)) return url
  throw new RangeError(`${option} must be a URL such as ${example}, without user, query and fragment`)
}

const MAX_TOKEN_CHARS = 65_536

/**
 * Returns the token in a file. It is read for every request, as requests are rare and tokens expire.
 *
 * @throws Error that names the file, never its content
 */
export async function readToken(path: string): Promise<string> {
  const token = (await readRegularFile(path, MAX_TOKEN_CHARS)).trim()
  if (isToken(token)) return token
  throw new Error(`${path} contains no token: it must be one line of printable ASCII characters`)
}

/** Whether the text can be the value of a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
