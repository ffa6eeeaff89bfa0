/** Makes one of the official tests against a server. */
import type { TlsOptions } from '../../client/node/tls/tls-options.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { CLIENT_CASES } from './client-cases.ts'

/** The server of the tests. */
export interface CaseServer {
  /** In the form of the transport. */
  readonly target: string
  /** Null: cleartext. */
  readonly tls: TlsOptions | null
  /** The host that requests name, which with TLS is the one of the certificate. Default: that of the target. */
  readonly authority?: string
}

/**
 * Runs a test with transports of its own.
 *
 * @throws Error with the observation if the test fails, or if no test has that name
 */
export async function runClientCase(name: string, { target, tls, authority }: CaseServer): Promise<void> {
  const run = CLIENT_CASES[name]
  if (run === undefined) throw new Error(`no test is named "${name}"`)
  const options: TransportOptions = { target, ...(tls && { tls }), ...(authority !== undefined && { authority }) }
  await using plain = createTransport(options)
  await using compressing = createTransport({ ...options, sendCompression: 'gzip' })
  await run({ plain, compressing })
}
