/** Keepalive of the port, by real clients: how often they may ping, and how connections end that are too old or idle. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { request as requestTls, Agent as TlsAgent } from 'node:https'
import { createClient } from '@connectrpc/connect'
import { type ServiceError, status } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { ServerKeepaliveOptions } from '../../server/listen/keepalive-options.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import type { Lane } from '../../server/rpc/lane.ts'
import { testCertificates } from '../support/certificates.ts'
import { startRoutes } from '../support/demo-server.ts'
import { loadDefinitions } from '../support/greeter-definitions.ts'
import { GrpcJsClient } from '../support/grpc-js-client.ts'

const GREETER = 'greeter.v1.GreeterService'
const DEFINITIONS = loadDefinitions()
const certificates = await testCertificates()

/** A greeter whose streams send one message, and end when the test releases them. */
async function startGreeter(isSecure: boolean, listen: OnePortOptions, lane: Lane = 'native') {
  const released = Promise.withResolvers<void>()
  const app = await startRoutes({
    lane,
    listen: { ...(isSecure && { tls: certificates.server }), ...listen },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello: ({ name }) => ({ message: `Hello ${name}` }),
        async *getStream({ topic }, { signal }) {
          yield { topic }
          await Promise.race([released.promise, once(signal, 'abort')])
          yield { topic }
        },
      }),
  })
  let connections = 0
  app.fastify.server.on('connection', () => connections++)
  return { ...app, release: released.resolve, connections: () => connections }
}

describe.each([
  ['cleartext', false],
  ['TLS', true],
] as const)('over %s', (_security, isSecure) => {
  test.each([
    ['grpc', '2', 'native'],
    ['grpc-web', '2', 'native'],
    ['connect', '2', 'native'],
    ['connect', '1.1', 'native'],
    ['grpc-web', '1.1', 'native'],
    ['grpc', '2', 'reference'],
    ['connect', '1.1', 'reference'],
  ] as const)('KA-6 no call fails when connections grow old: %s, HTTP/%s, %s lane', async (...how) => {
    const [protocol, httpVersion, lane] = how
    const app = await startGreeter(isSecure, { keepalive: { maxConnectionAgeMs: 60 } }, lane)
    const tls = isSecure ? { tls: { ca: certificates.ca, servername: 'localhost' } } : {}
    const transport = createTransport({ baseUrl: app.origin, protocol, httpVersion, retry: false, ...tls })
    onTestFinished(() => transport.close())
    const client = createClient(GreeterService, transport)
    const stream = client.getStream({ topic: 'long' })[Symbol.asyncIterator]()
    await stream.next()
    // The stream has a connection of HTTP/1.1 to itself.
    const wanted = httpVersion === '2' ? 3 : 4
    for (let i = 0; app.connections() < wanted; i++) {
      expect((await client.sayHello({ name: `${i}` })).message).toBe(`Hello ${i}`)
    }
    app.release()
    expect((await stream.next()).value?.topic).toBe('long')
    expect((await stream.next()).done).toBe(true)
  })

  test('KA-7 a call that outlasts the grace period ends with UNAVAILABLE', async () => {
    const app = await startGreeter(isSecure, { keepalive: { maxConnectionAgeMs: 50, maxConnectionAgeGraceMs: 100 } })
    const client = openGrpcJs(app.port, isSecure)
    const call = client.callServerStream(GREETER, 'GetStream', { topic: 't' })
    call.resume()
    const [error] = (await once(call, 'error')) as [ServiceError]
    expect(error.code).toBe(status.UNAVAILABLE)
  })

  test.each([
    ['with an open call', true],
    ['without a call', false],
  ])('KA-9 a grpc-js client that pings too often %s is disconnected', async (_when, hasCall) => {
    const app = await startGreeter(isSecure, {})
    const disconnected = new Promise((resolve) => {
      app.fastify.server.on('connection', (socket) => socket.once('close', resolve))
    })
    const client = openGrpcJs(app.port, isSecure, 50)
    if (hasCall) {
      const call = client.callServerStream(GREETER, 'GetStream', { topic: 't' })
      call.resume()
      const [error] = (await once(call, 'error')) as [ServiceError]
      // What grpc-js makes of ENHANCE_YOUR_CALM.
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED)
    } else {
      await client.callUnary(GREETER, 'SayHello', { name: 'Ada' })
    }
    await disconnected
  })

  test.each<[string, ServerKeepaliveOptions]>([
    ['any time is allowed', { minTimeMs: 0 }],
    ['the least time is short', { minTimeMs: 10, permitWithoutStream: true }],
  ])('a grpc-js client that pings as often stays when %s', async (_what, keepalive) => {
    const app = await startGreeter(isSecure, { keepalive })
    const client = openGrpcJs(app.port, isSecure, 50)
    const call = client.callServerStream(GREETER, 'GetStream', { topic: 't' })
    const messages: object[] = []
    call.on('data', (message: object) => messages.push(message))
    await new Promise((resolve) => setTimeout(resolve, 300))
    app.release()
    await once(call, 'end')
    expect(messages).toHaveLength(2)
    expect(app.connections()).toBe(1)
  })

  test('an HTTP/1.1 connection that is too old is closed after its next response', async () => {
    const app = await startGreeter(isSecure, { keepalive: { maxConnectionAgeMs: 1_000 } })
    const get = keepAliveCaller(app.origin, isSecure)
    expect(await get()).toBe('keep-alive')
    await expect.poll(get, { timeout: 10_000 }).toBe('close')
    expect(app.connections()).toBe(1)
  })

  test('so is one that was idle for too long', async () => {
    const app = await startGreeter(isSecure, { idleTimeoutMs: 500 })
    const get = keepAliveCaller(app.origin, isSecure)
    expect([await get(), await get()]).toEqual(['keep-alive', 'keep-alive'])
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await get()).toBe('close')
    expect(app.connections()).toBe(1)
  })
})

function openGrpcJs(port: number, isSecure: boolean, keepaliveTimeMs?: number): GrpcJsClient {
  const keepalive =
    keepaliveTimeMs === undefined
      ? {}
      : { 'grpc.keepalive_time_ms': keepaliveTimeMs, 'grpc.keepalive_permit_without_calls': 1 }
  const client = new GrpcJsClient(port, DEFINITIONS, {
    ...(isSecure && { ca: certificates.ca }),
    channel: { 'grpc.enable_retries': 0, ...keepalive },
  })
  onTestFinished(() => client.close())
  return client
}

/** Returns a function that sends GET /livez on one connection, and resolves with the `connection` header. */
function keepAliveCaller(origin: string, isSecure: boolean): () => Promise<string | undefined> {
  const options = { keepAlive: true, maxSockets: 1 }
  const agent = isSecure ? new TlsAgent(options) : new Agent(options)
  onTestFinished(() => agent.destroy())
  const tls = isSecure ? { ca: certificates.ca, servername: 'localhost' } : {}
  return async () => {
    const send = isSecure ? requestTls : request
    const sent = send(`${origin}/livez`, { agent, ...tls })
    sent.end()
    const [response] = await once(sent, 'response')
    response.resume()
    await once(response, 'end')
    return response.headers.connection
  }
}
