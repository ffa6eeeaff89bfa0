/** TLS alerts that come after the handshake, as in TLS 1.3 all do that speak of the client's certificate: errors name them. */
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { testCertificates } from '../support/certificates.ts'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { startTlsFront } from '../support/tls-front.ts'

const { ca, server } = await testCertificates()

test.each([
  { protocol: 'grpc', httpVersion: '2', version: 'TLSv1.3', alert: 'tlsv13 alert certificate required' },
  { protocol: 'grpc-web', httpVersion: '2', version: 'TLSv1.3', alert: 'tlsv13 alert certificate required' },
  { protocol: 'connect', httpVersion: '2', version: 'TLSv1.3', alert: 'tlsv13 alert certificate required' },
  { protocol: 'connect', httpVersion: '1.1', version: 'TLSv1.3', alert: 'tlsv13 alert certificate required' },
  { protocol: 'grpc', httpVersion: '2', version: 'TLSv1.2', alert: 'alert handshake failure' },
  { protocol: 'connect', httpVersion: '1.1', version: 'TLSv1.2', alert: 'alert handshake failure' },
] as const)(
  '$protocol over HTTP/$httpVersion and $version: the error says that the server requires a certificate',
  async ({ protocol, httpVersion, version, alert }) => {
    const { port } = await startHttpServer({ httpVersion })
    const front = await startTlsFront(port, {
      ...server,
      ca,
      maxVersion: version,
      ALPNProtocols: [httpVersion === '2' ? 'h2' : 'http/1.1'],
      requestCert: true,
      rejectUnauthorized: true,
    })
    const { client } = openGreeter({ protocol, httpVersion, target: `ipv4:127.0.0.1:${front}`, tls: { ca } })
    for (let call = 0; call < 3; call++) {
      await expect(client.sayHello({}, { timeoutMs: 10_000 })).rejects.toMatchObject({
        code: Code.Unavailable,
        rawMessage: expect.stringMatching(new RegExp(`${alert}$`)),
      })
    }
  },
)
