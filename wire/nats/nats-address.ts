/** Where NATS runs, and the credentials that a URL names. */

/** What a URL of NATS says. */
export interface NatsAddress {
  /** `host:port` of each server. They belong to one cluster. */
  readonly servers: readonly string[]
  readonly user?: string
  readonly pass?: string
  readonly token?: string
  /** The URL asks for TLS: `tls://`. */
  readonly isSecure: boolean
}

const DEFAULT_PORT = '4222'

/**
 * Reads `nats://host:4222`, `nats://user:password@host`, `nats://token@host`, `tls://host`, or several of them separated by commas, of
 * which the first with credentials names those of all.
 *
 * @throws TypeError that repeats nothing of the URL, as it may contain a password
 */
export function parseNatsAddress(text: string): NatsAddress {
  const urls = text.split(',').map(parseUrl)
  const { username = '', password = '' } = urls.find((url) => url.username !== '') ?? {}
  const isSecure = urls.some((url) => url.protocol === 'tls:')
  const servers = urls.map((url) => `${url.hostname}:${url.port || DEFAULT_PORT}`)
  return Object.freeze({ servers, isSecure, ...credentialsOf(decode(username), decode(password)) })
}

function parseUrl(text: string): URL {
  const trimmed = text.trim()
  const url = URL.parse(trimmed.includes('://') ? trimmed : `nats://${trimmed}`)
  if (url === null || url.hostname === '' || !['nats:', 'tls:'].includes(url.protocol)) {
    throw new TypeError('the URL of NATS must be nats://HOST:PORT or tls://HOST:PORT, or several separated by commas')
  }
  return url
}

function credentialsOf(user: string, pass: string): Pick<NatsAddress, 'user' | 'pass' | 'token'> {
  if (user === '') return {}
  return pass === '' ? { token: user } : { user, pass }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new TypeError('the URL of NATS has credentials that are not percent-encoded correctly')
  }
}
