/** The options of Fastify that speak of its server, where that is a port's. */

/** Fastify's option, its default, and what says the same to a port. Fastify fills the defaults in. */
const ROWS: readonly (readonly [name: string, fallback: unknown, advice: string])[] = [
  ['https', null, 'use onePort({ tls: { cert, key } })'],
  ['http2', false, 'leave it out, as onePort answers HTTP/2 and HTTP/1.1'],
  ['http', null, 'use the options of onePort'],
  ['keepAliveTimeout', 72_000, 'use onePort({ keepAliveTimeoutMs })'],
  ['requestTimeout', 0, 'use onePort({ requestTimeoutMs })'],
  ['connectionTimeout', 0, 'use onePort({ stallTimeoutMs, idleTimeoutMs })'],
  ['http2SessionTimeout', 72_000, 'use onePort({ idleTimeoutMs })'],
  ['maxRequestsPerSocket', 0, 'leave it out, as onePort limits what runs on a connection at once'],
]

/**
 * Refuses options that would have no effect beside `onePort`.
 *
 * @throws RangeError that names each, and what to use
 */
export function refuseServerOptions(options: Readonly<Record<string, unknown>>): void {
  const faults: string[] = []
  for (const [name, fallback, advice] of ROWS) {
    const value = options[name] ?? fallback
    if (value !== fallback && value !== false) faults.push(`${name} has no effect beside onePort: ${advice}`)
  }
  if (faults.length > 0) throw new RangeError(`fastify: ${faults.join('; ')}`)
}
