/** Converts the URL of a server to a target. */

/** The parts of a URL. */
export interface BaseUrl {
  /** A `dns` target; IP addresses are not looked up. */
  readonly target: string
  readonly isTls: boolean
  /** The authority in the URL, without a default port. */
  readonly authority: string
  /** Empty, or starts with a slash and does not end with one. */
  readonly pathPrefix: string
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** @throws RangeError unless it is an http: or https: URL */
export function readBaseUrl(baseUrl: string): BaseUrl {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const defaultPort = url && DEFAULT_PORTS[url.protocol]
  if (url === undefined || defaultPort === undefined) {
    throw new RangeError(`baseUrl is "${baseUrl}", and must be an http: or https: URL`)
  }
  return {
    target: `dns:///${url.hostname}:${url.port || defaultPort}`,
    isTls: url.protocol === 'https:',
    authority: url.host,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
  }
}
