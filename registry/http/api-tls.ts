/** The TLS options of registries with an HTTP API. */
import { TLS_OPTION_KINDS, type TlsOptions } from '../../client/node/tls/tls-options.ts'
import { TlsSource } from '../../client/node/tls/tls-source.ts'
import { type Clock, warnOfFault } from '../../wire/http2/http2.ts'
import type { OptionShape } from '../../wire/options/check-options.ts'
import type { HttpApiTls } from './http-api.ts'

/** How to verify the registry, and authenticate to it: the options of a channel, of which HTTP/1.1 has no use for one. */
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
