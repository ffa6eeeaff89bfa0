/** TLS in the URL of a registry: `?tls=true&ca=PATH&cert=PATH&key=PATH`. */
import type { TlsOptions } from '../../client/node/tls/tls-options.ts'

/** The parameters that are about TLS. */
export interface TlsParameters {
  readonly tls?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * Returns the option `tls`. Any of the parameters turns TLS on, but `tls=false` turns it off.
 *
 * @throws RangeError for a `tls` that is neither true nor false
 */
export function tlsOfUrl(scheme: string, parameters: TlsParameters): { tls?: TlsOptions } {
  const { tls = 'true', ca, cert, key } = parameters
  if (Object.keys(parameters).length === 0 || tls === 'false') return {}
  if (tls !== 'true') throw new RangeError(`${scheme}: tls must be true or false`)
  return { tls: { ...(ca && { caFile: ca }), ...(cert && { certFile: cert }), ...(key && { keyFile: key }) } }
}
