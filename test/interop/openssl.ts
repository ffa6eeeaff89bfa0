/** OpenSSL's own server: its alert about our client's certificate reaches the caller, though in TLS 1.3 it arrives after the handshake. */
import { createClient } from '@connectrpc/connect'
import { generate } from 'selfsigned'
import type { TlsOptions } from '../../client/node/tls/tls-options.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { startProgram } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'

const ACCEPTING = /^ACCEPT .*:(\d+)$/

/** Paths of PEM files of the server. */
export interface OpensslFiles {
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
}

/** The checks with `openssl s_server`, which asks for a certificate that the authority signed. */
export async function opensslChecks(files: OpensslFiles): Promise<readonly Check[]> {
  const { ca } = await testCertificates()
  const stranger = await selfSigned()
  return [
    check('TLS 1.3, no certificate', 'tls1_3', { ca }, 'alert certificate required'),
    check('TLS 1.3, a certificate of an unknown authority', 'tls1_3', { ca, ...stranger }, 'alert unknown ca'),
    check('TLS 1.2, no certificate', 'tls1_2', { ca }, 'alert handshake failure'),
    check('TLS 1.2, a certificate of an unknown authority', 'tls1_2', { ca, ...stranger }, 'alert unknown ca'),
  ]

  function check(name: string, version: string, tls: TlsOptions, alert: string): Check {
    return {
      name: `openssl s_server: ${name}: "${alert}"`,
      async run() {
        await using server = await startServer(version)
        await expectFailure(`https://localhost:${server.found}`, tls, alert)
      },
    }
  }

  function startServer(version: string) {
    const identity = ['-cert', files.certFile, '-key', files.keyFile, '-CAfile', files.caFile]
    const args = [
      's_server',
      '-accept',
      '127.0.0.1:0',
      '-Verify',
      '1',
      '-verify_return_error',
      '-alpn',
      'h2',
      '-rev',
      ...identity,
    ]
    return startProgram({ program: 'openssl', args: [...args, `-${version}`] }, ACCEPTING)
  }
}

async function expectFailure(baseUrl: string, tls: TlsOptions, alert: string): Promise<void> {
  const transport = createTransport({ baseUrl, tls, defaultTimeoutMs: 10_000 })
  const outcome = await createClient(GreeterService, transport)
    .sayHello({})
    .then(() => 'an answer', String)
    .finally(() => transport.close())
  if (!outcome.includes(alert)) throw new Error(`"${alert}" is missing in: ${outcome}`)
}

/** A certificate that no authority of the server has signed. */
async function selfSigned(): Promise<TlsOptions> {
  const made = await generate([{ name: 'commonName', value: 'stranger' }], { keyType: 'ec', algorithm: 'sha256' })
  return { cert: made.cert, key: made.private }
}
