/** Reads the URL of a server as a target. */

/** Where a URL leads. */
export interface BaseUrl {
  /** By DNS; an address in it is not looked up. */
  readonly target: string
  readonly isTls: boolean
  /** As the URL has it: without the port that is the default. */
  readonly authority: string
  /** Empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** @throws RangeError for what is no http: or https: URL */
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
