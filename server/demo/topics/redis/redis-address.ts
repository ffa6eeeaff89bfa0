/** Where Redis is, from the URL of an option. */
import type { RedisOptions } from 'ioredis'

/** How to connect, and how to name it without its password. */
export interface RedisAddress {
  readonly options: Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>
  /** For errors and logs: no user, no password. */
  readonly label: string
}

const DEFAULT_PORT = 6379
const DATABASE = /^\/?(\d{0,5})$/

/**
 * Reads `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`; `rediss://` is TLS, with the certificate authorities that Node trusts.
 *
 * Throws a RangeError that names the part that is not valid, never the password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new RangeError('--hub: invalid URL, must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or rediss://...')
  }
  const label = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
  const database = DATABASE.exec(url.pathname)
  if (database === null) throw new RangeError(`--hub ${label}: the path must be the number of a database, such as /0`)
  if (url.search !== '' || url.hash !== '')
    throw new RangeError(`--hub ${label}: unknown parameters after the database`)

  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const options = {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    db: Number(database[1] ?? 0),
    ...(url.username === '' ? {} : { username: decode(url.username, label) }),
    ...(url.password === '' ? {} : { password: decode(url.password, label) }),
    // SNI names hosts only, RFC 6066 section 3.
    ...(url.protocol === 'rediss:' ? { tls: /^[\d.]+$|:/.test(host) ? {} : { servername: host } } : {}),
  }
  return { options, label }
}

function decode(part: string, label: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new RangeError(`--hub ${label}: the user and password must be percent-encoded`)
  }
}
