/** Calls through HTTP proxies, over sockets. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { createSecureContext } from 'node:tls'
import { Code, createClient } from '@connectrpc/connect'
import { expect, onTestFinished, test, vi } from 'vitest'
import { dial } from '../../client/node/connection/dial.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { testCertificates } from '../support/certificates.ts'
import { runCommand } from '../support/command.ts'
import { type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts'
import { startDemo } from '../support/demo-server.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const { ca, server } = await testCertificates()

/** A server, and a proxy in front of it that accepts any host name. */
async function startBoth(options: Partial<ConnectProxyOptions> = {}, listen: object = {}) {
  const { port } = await startDemo({ listen })
  const proxy = await startConnectProxy({ targetPort: port, ...options })
  return { port, proxy, url: `http://127.0.0.1:${proxy.port}` }
}

function clientOf(options: TransportOptions) {
  return openGreeter(options).client
}

test.each<Partial<TransportOptions>>([{}, { protocol: 'grpc-web' }, { protocol: 'connect', httpVersion: '1.1' }])(
  'a call with %j goes through the proxy, which resolves the name',
  async (way) => {
    const { proxy, url } = await startBoth({}, { allowedHosts: ['greeter.invalid'] })
    const client = clientOf({ target: 'dns:///greeter.invalid:8080', proxy: url, ...way })
    expect(await client.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
    expect(proxy.requests).toEqual(['CONNECT greeter.invalid:8080'])
    expect(proxy.authorizations).toEqual([undefined])
  },
)

test.each<Partial<TransportOptions>>([{}, { protocol: 'connect', httpVersion: '1.1' }])(
  'TLS with %j is end to end, with the certificate of the server',
  async (way) => {
    const { proxy, url } = await startBoth({}, { tls: server })
    const client = clientOf({ baseUrl: 'https://localhost:8443', tls: { ca }, proxy: url, ...way })
    expect(await client.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
    expect(proxy.requests).toEqual(['CONNECT localhost:8443'])
    const other = clientOf({ baseUrl: 'https://greeter.invalid', tls: { ca }, proxy: url, ...way })
    await expect(other.sayHello({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining('altnames'),
    })
  },
)

test('sends user and password of the URL to the proxy', async () => {
  const { proxy } = await startBoth()
  const client = clientOf({ target: 'greeter.invalid:80', proxy: `http://ann:s%3Acret@127.0.0.1:${proxy.port}` })
  await client.sayHello({})
  expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('ann:s:cret').toString('base64')}`])
})

test('uses the proxy of the environment, unless the option is false', async () => {
  const { proxy, url } = await startBoth()
  vi.stubEnv('https_proxy', url)
  onTestFinished(() => void vi.unstubAllEnvs())
  await clientOf({ target: 'greeter.invalid:80' }).sayHello({})
  expect(proxy.requests).toHaveLength(1)
  const { client } = openGreeter({ target: 'dns:///127.0.0.9:1', proxy: false })
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
  expect(proxy.requests).toHaveLength(1)
})

test.each([
  ['HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n', 'it answered with HTTP status 407'],
  ['HTTP/1.0 403 Forbidden\r\n\r\n', 'it answered with HTTP status 403'],
  ['SSH-2.0-proxy\r\n\r\n', 'its answer is not HTTP/1.1'],
  [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 'its answer is too long'],
  [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`, 'its answer is too long'],
  ['HTTP/1.1 200 OK\r\n', 'it hung up instead of an answer'],
])('a proxy that responds %j fails calls with UNAVAILABLE', async (refuse, reason) => {
  const { proxy } = await startBoth({ refuse })
  const client = clientOf({
    target: 'greeter.invalid:80',
    proxy: `http://ann:planted-secret-proxy@127.0.0.1:${proxy.port}`,
  })
  const error = await client.sayHello({}).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining(
      `cannot connect to greeter.invalid:80: the proxy 127.0.0.1:${proxy.port}: ${reason}`,
    ),
  })
  expect(String(error)).not.toContain('planted-secret')
})

test('an unreachable proxy fails calls with UNAVAILABLE', async () => {
  const client = clientOf({ target: 'greeter.invalid:80', proxy: 'http://127.0.0.1:1' })
  await expect(client.sayHello({})).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('the proxy 127.0.0.1:1: connect ECONNREFUSED'),
  })
})

test('opens a cut tunnel again', async () => {
  const { proxy, url } = await startBoth({}, { tls: server })
  const { transport, client } = openGreeter({ baseUrl: 'https://localhost:8443', tls: { ca }, proxy: url })
  await client.sayHello({})
  const lost = transport.watchState('READY')
  proxy.cut()
  await lost
  expect(await client.sayHello({ name: 'again' })).toMatchObject({ message: 'Hello again' })
  expect(proxy.requests).toHaveLength(2)
})

test('a tunnel that ends during the handshake is a failed attempt', async () => {
  const deaf = createServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => {}))
  const proxy = await startConnectProxy({ targetPort: await listenRaw(deaf) })
  const client = clientOf({ baseUrl: 'https://localhost:1', tls: { ca }, proxy: `http://127.0.0.1:${proxy.port}` })
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
})

test("the first bytes of the server may arrive in one chunk with the proxy's response", async () => {
  const eager = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'))
  })
  const port = await listenRaw(eager)
  const proxy = { name: 'eager', address: { host: '127.0.0.1', port }, tls: null, authorization: null }
  const opened = Promise.withResolvers<Socket>()
  dial(
    { host: 'greeter.invalid', port: 80 },
    { tls: null, proxy },
    { onConnected: opened.resolve, onFailed: opened.reject },
  )
  const socket = await opened.promise
  expect(await text(socket)).toBe('hello')
  socket.destroy()
})

test('closing a channel whose proxy is silent closes the connection', async () => {
  const silent = createServer()
  const port = await listenRaw(silent)
  const accepted = once(silent, 'connection')
  const transport = createTransport({
    target: 'greeter.invalid:80',
    proxy: `http://127.0.0.1:${port}`,
  })
  const failed = expect(createClient(GreeterService, transport).sayHello({})).rejects.toMatchObject({
    code: Code.Canceled,
  })
  const [socket] = await accepted
  const closed = once(socket.resume(), 'close')
  await transport.close()
  await failed
  await closed
})

test('the connection to the proxy can be TLS, and TLS can run through it', async () => {
  const { proxy } = await startBoth({ tls: server }, { tls: server })
  const secureContext = () => createSecureContext({ ca })
  const opened = Promise.withResolvers<string | false | null>()
  const socket = dial(
    { host: 'greeter.invalid', port: 443 },
    {
      tls: { defaultServerName: 'localhost', secureContext },
      proxy: {
        name: 'localhost',
        address: { host: '127.0.0.1', port: proxy.port },
        tls: { defaultServerName: 'localhost', alpn: 'http/1.1', secureContext },
        authorization: null,
      },
    },
    {
      onConnected: (connected) => opened.resolve('alpnProtocol' in connected ? connected.alpnProtocol : null),
      onFailed: opened.reject,
    },
  )
  expect(await opened.promise).toBe('h2')
  expect(proxy.requests).toEqual(['CONNECT greeter.invalid:443'])
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
})

/** Calls from a separate process, because trusting additional CAs is a setting of the whole process. */
async function callAsProgram(options: TransportOptions, environment: Record<string, string>): Promise<unknown> {
  const program = `
    import { createClient } from '@connectrpc/connect'
    import { createTransport } from '${ROOT}/client/node/transport.ts'
    import { GreeterService } from '${ROOT}/gen/greeter/v1/greeter_pb.js'
    const transport = createTransport(${JSON.stringify(options)})
    const client = createClient(GreeterService, transport)
    try {
      const { message } = await client.sayHello({ name: 'World' })
      let count = 0
      for await (const _ of client.allStream((async function* () { yield { topic: 'a', data: 'b' } })())) count++
      console.log(JSON.stringify({ message, count }))
    } catch ({ code, rawMessage }) {
      console.log(JSON.stringify({ code, rawMessage }))
    }
    await transport.close()
  `
  const output = await runCommand({
    program: process.execPath,
    args: ['--input-type=module', '-e', program],
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
  })
  return JSON.parse(output)
}

test.each<[way: string, options: TransportOptions, listen: object, tunnel: string]>([
  ['cleartext', { target: 'dns:///greeter.invalid:80' }, {}, 'CONNECT greeter.invalid:80'],
  [
    'TLS',
    { target: 'dns:///greeter.invalid', tls: { ca, servername: 'localhost' } },
    { tls: server },
    'CONNECT greeter.invalid:443',
  ],
])('calls by %s go through a proxy over TLS, from the environment', async (...its) => {
  const [, options, listen, tunnel] = its
  const { proxy } = await startBoth({ tls: server }, listen)
  const https_proxy = `https://ann:planted-secret-proxy@localhost:${proxy.port}`
  const trusting = { https_proxy, NODE_EXTRA_CA_CERTS: await temporaryFile('ca.pem', ca) }
  expect(await callAsProgram(options, trusting)).toEqual({ message: 'Hello World', count: 1 })
  expect(proxy.requests).toEqual([tunnel])
  expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('ann:planted-secret-proxy').toString('base64')}`])
})

test('sends nothing to a TLS proxy with an untrusted certificate', async () => {
  const { proxy } = await startBoth({ tls: server })
  const options = { target: 'dns:///greeter.invalid:8080' }
  const failure = await callAsProgram(options, {
    https_proxy: `https://ann:planted-secret-proxy@localhost:${proxy.port}`,
  })
  expect(failure).toMatchObject({ code: Code.Unavailable, rawMessage: expect.stringContaining('certificate') })
  expect(JSON.stringify(failure)).not.toContain('planted-secret')
  expect(proxy.requests).toEqual([])
})

test('a proxy applies to dns targets only', () => {
  const fault = 'proxy is only for dns targets: leave it out for unix'
  expect(() => createTransport({ target: 'unix:/run/app.sock', proxy: 'http://proxy.test' })).toThrow(fault)
  expect(() => createTransport({ target: 'a.test', proxy: 'ftp://proxy.test' })).toThrow('proxy must be the URL')
})
