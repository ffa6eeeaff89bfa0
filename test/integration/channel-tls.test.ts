/** Calls over TLS by certificates from files, with both sides showing one. */
import { writeFile } from 'node:fs/promises'
import { createSecureServer, type Http2Server } from 'node:http2'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { expect, onTestFinished, test } from 'vitest'
import { bearerToken } from '../../client/node/credentials/bearer-token.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const { ca, server, client } = await testCertificates()

const WAYS: readonly Partial<TransportOptions>[] = [
  {},
  { protocol: 'grpc-web' },
  { protocol: 'connect', httpVersion: '1.1' },
]

/** A server that requires client certificates of its authority, and accepts one name. */
async function startGuarded(allowed: string) {
  const authorizations: (string | null)[] = []
  const connections: TLSSocket[] = []
  const handle = connectNodeAdapter({
    routes: (router) =>
      router.service(GreeterService, {
        sayHello(_request, { requestHeader }) {
          authorizations.push(requestHeader.get('authorization'))
          const name = connections.at(-1)?.getPeerCertificate().subject.CN ?? ''
          if (name !== allowed) throw new ConnectError(`not for ${name}`, Code.PermissionDenied)
          return { message: `Hello ${name}` }
        },
      }),
  })
  const options = { ...server, ca, requestCert: true, rejectUnauthorized: true, allowHTTP1: true }
  const https: Http2Server = createSecureServer(options, handle)
  https.on('secureConnection', (socket: TLSSocket) => connections.push(socket))
  return { target: `ipv4:127.0.0.1:${await listenRaw(https)}`, authorizations }
}

function open(options: TransportOptions) {
  const transport = createTransport(options)
  onTestFinished(() => transport.close())
  return { transport, greeter: createClient(GreeterService, transport) }
}

async function clientFiles() {
  return {
    caFile: await temporaryFile('ca.pem', ca),
    certFile: await temporaryFile('cert.pem', client.cert),
    keyFile: await temporaryFile('key.pem', client.key),
  }
}

test.each(WAYS)('AU-4 with %j the client certificate identifies the caller, along with its token', async (way) => {
  const { target, authorizations } = await startGuarded('test client')
  const tls = { ...(await clientFiles()), servername: 'localhost' }
  const { greeter } = open({ target, tls, credentials: bearerToken('t1'), ...way })
  expect(await greeter.sayHello({})).toMatchObject({ message: 'Hello test client' })
  expect(authorizations).toEqual(['Bearer t1'])
})

test.each(WAYS)('AU-4 with %j another client is rejected with PERMISSION_DENIED', async (way) => {
  const { target } = await startGuarded('other client')
  const { greeter } = open({ target, tls: { ...(await clientFiles()), servername: 'localhost' }, ...way })
  await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.PermissionDenied })
})

test.each(WAYS)('AU-4 with %j a client without a certificate gets no connection', async (way) => {
  const { target } = await startGuarded('test client')
  const { greeter } = open({ target, tls: { ca, servername: 'localhost' }, ...way })
  await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
})

test.each(WAYS)('with %j a server with another name or authority is not called', async (way) => {
  const { target, authorizations } = await startGuarded('test client')
  for (const tls of [
    { ca, servername: 'greeter.test', ...client },
    { ca, servername: '127.0.0.2', ...client },
    { ...client, servername: 'localhost' },
  ]) {
    const { greeter } = open({ target, tls, credentials: bearerToken('t1'), ...way })
    await expect(greeter.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  }
  const byAddress = open({ target, tls: { ca, servername: '127.0.0.1', ...client }, ...way })
  expect(await byAddress.greeter.sayHello({})).toMatchObject({ message: 'Hello test client' })
  expect(authorizations).toEqual([null])
})

test('AU-6 the next connection uses the certificate that the files hold by then', async () => {
  const { target } = await startGuarded('test client')
  const certFile = await temporaryFile('cert.pem', server.cert)
  const keyFile = await temporaryFile('key.pem', server.key)
  const { greeter, transport } = open({ target, tls: { ca, certFile, keyFile, servername: 'localhost' } })
  await expect(greeter.sayHello({}), 'it is for servers alone').rejects.toMatchObject({ code: Code.Unavailable })
  await writeFile(certFile, client.cert)
  await writeFile(keyFile, client.key)
  const callAgain = () => {
    transport.resetConnectBackoff()
    return greeter.sayHello({}).then(({ message }) => message, String)
  }
  await expect.poll(callAgain, { timeout: 10_000 }).toBe('Hello test client')
})

test.each<Partial<TransportOptions>>([{}, { protocol: 'grpc-web' }, { protocol: 'connect' }])(
  'with %j a cipher that HTTP/2 forbids fails calls at once, with the reason',
  async (way) => {
    let connections = 0
    const cipher = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const
    const listener = createTlsServer({ ...server, ALPNProtocols: ['h2'], ...cipher }, (socket) => {
      connections++
      socket.on('error', () => {}).resume()
    })
    const target = `ipv4:127.0.0.1:${await listenRaw(listener)}`
    const { greeter } = open({ target, tls: { ca, servername: 'localhost' }, ...way })
    for (let i = 0; i < 2; i++) {
      await expect(greeter.sayHello({})).rejects.toMatchObject({
        code: Code.Unavailable,
        rawMessage: expect.stringMatching(/INADEQUATE_SECURITY: TLSv1\.2 ECDHE-ECDSA-AES128-SHA256/),
      })
    }
    expect(connections).toBe(1)
  },
)
