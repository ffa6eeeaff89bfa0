/** The hints of the client program: following each of them works. */
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createReflectionServices } from '../../server/services/reflection/reflection-services.ts'
import { testCertificates } from '../support/certificates.ts'
import { startDemo } from '../support/demo-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const { ca, server: certificate } = await testCertificates()
const PROTO = new URL('../../proto/greeter/v1/greeter.proto', import.meta.url).pathname
const HELLO = 'greeter.v1.GreeterService/SayHello'

/** Calls by the generic command, whose API comes from a file unless the test is about reflection. */
async function call(address: string, ...flags: string[]): Promise<{ isDone: boolean; hint: string; stderr: string }> {
  const { code, stderr } = await runInProcess(['call', address, HELLO, ...flags])
  return { isDone: code === 0, hint: /^hint: (.*)$/m.exec(stderr)?.[1] ?? '', stderr }
}

const byFile = ['--proto', PROTO]

/** The flags of every protocol, over the HTTP versions that carry it. */
const TRANSPORTS = [
  '--protocol grpc',
  '--protocol grpc-web',
  '--protocol grpc-web --http 1',
  '--protocol connect',
  '--protocol connect --http 1',
]

const answerNothing: handleUnaryCall<Buffer, Buffer> = (_call, done) => done(null, Buffer.alloc(0))

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) })
  for (const { service, implementation } of createReflectionServices([GreeterService])) {
    router.service(service, implementation)
  }
}

test('nothing listens at the address', async () => {
  const { hint } = await call('http://127.0.0.1:1')
  expect(hint).toBe('nothing listens there: check that the server is running and that the port is right')
})

test('names a host that does not resolve', async () => {
  const { hint } = await call('http://nosuch.invalid:80')
  expect(hint).toBe('the name in http://nosuch.invalid:80 has no address: check its spelling')
})

test('TLS to a cleartext server', async () => {
  const { port } = await startDemo()
  const bare = await call(`127.0.0.1:${port}`)
  expect(bare.hint).toMatch(/try --plaintext$/)
  expect(await call(`127.0.0.1:${port}`, '--plaintext')).toMatchObject({ isDone: true })
  const https = await call(`https://127.0.0.1:${port}`, '--insecure', '--protocol', 'connect', '--http', '1')
  expect(https.hint).toBe(
    `the server does not seem to speak TLS there: try http://127.0.0.1:${port} without --insecure`,
  )
  expect(await call(`http://127.0.0.1:${port}`)).toMatchObject({ isDone: true })
})

test.each([[[]], [['--protocol', 'connect', '--http', '1', ...byFile]]])(
  'cleartext to a server that requires TLS, with %j',
  async (flags) => {
    const { port } = await startDemo({ listen: { tls: certificate } })
    const refused = await call(`http://localhost:${port}`, ...flags)
    expect(refused.hint).toBe(`the server may want TLS: try https://localhost:${port}`)
    const untrusted = await call(`https://localhost:${port}`, ...flags)
    expect(untrusted.hint).toBe('trust its certificate with --ca FILE, or accept any with --insecure')
    expect(await call(`https://localhost:${port}`, ...flags, '--insecure')).toMatchObject({ isDone: true })
    const caFile = await temporaryFile('ca.pem', ca)
    expect(await call(`https://localhost:${port}`, ...flags, '--ca', caFile)).toMatchObject({ isDone: true })
    expect((await call(`localhost:${port}`, '--plaintext', ...flags)).hint).toMatch(/try without --plaintext$/)
  },
)

test.each([['http'], ['https']])('a server that only speaks HTTP/1.1, over %s', async (scheme) => {
  const handler = connectNodeAdapter({ routes })
  const server = scheme === 'http' ? createHttpServer(handler) : createHttpsServer(certificate, handler)
  const address = `${scheme}://localhost:${await listenRaw(server)}`
  const tls = scheme === 'http' ? [] : ['--insecure']
  const first = await call(address, ...tls)
  expect(first.hint).toMatch(/try --protocol connect --http 1$/)
  expect((await call(address, ...tls, '--protocol', 'connect')).hint).toMatch(/try --http 1$/)
  // Connect's own server refuses the stream that reflection is.
  const second = await call(address, ...tls, '--protocol', 'connect', '--http', '1')
  expect(second).toMatchObject({ hint: '', isDone: false })
  expect(second.stderr).toMatch(/^error: the server's reflection does not answer: give its API with --proto or --descr/)
  const third = await call(address, ...tls, '--protocol', 'connect', '--http', '1', ...byFile)
  expect(third).toMatchObject({ isDone: true, stderr: '' })
})

test('reflection honours --http 1 where the server supports it', async () => {
  const { origin } = await startDemo()
  for (const protocol of ['connect', 'grpc-web']) {
    expect(await call(origin, '--protocol', protocol, '--http', '1', '--timeout', '10s')).toMatchObject({
      isDone: true,
    })
  }
})

test('a server that only speaks gRPC', async () => {
  const server = new Server()
  const method = { path: `/${HELLO}`, requestStream: false, responseStream: false } as const
  const bytes = (value: Buffer): Buffer => value
  const codecs = {
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
  server.addService({ sayHello: { ...method, ...codecs } }, { sayHello: answerNothing })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  onTestFinished(() => server.forceShutdown())
  const address = `http://127.0.0.1:${port}`
  for (const protocol of ['connect', 'grpc-web']) {
    const overHttp1 = await call(address, ...byFile, '--protocol', protocol, '--http', '1')
    expect(overHttp1.hint).toBe('the server does not speak HTTP/1.1 there: try without --http 1')
    const overHttp2 = await call(address, ...byFile, '--protocol', protocol)
    expect(overHttp2.hint).toBe('the server may only speak gRPC: try --protocol grpc, and without --http 1')
  }
  expect(await call(address, ...byFile)).toMatchObject({ isDone: true })
  expect((await call(address)).stderr).toBe(
    'error: the server has no reflection: give its API with --proto or --descriptors\n',
  )
})

test('a server that does not speak HTTP', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.9\r\n'))
  const port = await listenRaw(server)
  const { hint } = await call(`http://127.0.0.1:${port}`)
  expect(hint).toBe('what listens there does not seem to speak HTTP: check the port')
})

test('a web server without the service', async () => {
  const server = createHttpServer((_request, response) => response.writeHead(404).end('no'))
  const address = `http://127.0.0.1:${await listenRaw(server)}`
  const { hint } = await call(address, ...byFile, '--protocol', 'connect', '--http', '1')
  expect(hint).toBe('the server has nothing at that path: check the port, and that it serves connect')
})

describe.each(TRANSPORTS)('a message larger than the limit, with %s', (flags) => {
  const request = ['-d', JSON.stringify({ name: 'x'.repeat(200) }), ...byFile, ...flags.split(' ')]

  test('of the client: its flag', async () => {
    const { origin } = await startDemo()
    const { hint } = await call(origin, ...request, '--max-receive', '100B')
    expect(hint).toBe('larger messages are received with --max-receive SIZE')
    expect(await call(origin, ...request, '--max-receive', '1KiB')).toMatchObject({ isDone: true })
  })

  test('of the server: none, as no flag helps', async () => {
    const { origin } = await startDemo({ readMaxBytes: 100 })
    const { hint, stderr } = await call(origin, ...request)
    expect(stderr).toContain('readMaxBytes 100')
    expect(hint).toBe('')
  })
})
