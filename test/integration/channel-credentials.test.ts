/** Call credentials in each protocol, over sockets. */
import { Code, ConnectError, createContextValues, type Interceptor } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { apiKey } from '../../client/node/credentials/api-key.ts'
import { bearerToken } from '../../client/node/credentials/bearer-token.ts'
import { type CallCredentials, callCredentials } from '../../client/node/credentials/call-credentials.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { CallObserver } from '../../wire/call-observer.ts'
import { startNativeServer } from '../support/native-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'

const OPEN = { requiresTls: false }
const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const

/** A server that accepts only one token, and records what it received. */
async function startGuarded() {
  const seen: Headers[] = []
  const guard: Interceptor = (next) => (request) => {
    seen.push(request.header)
    if (request.header.get('authorization')?.startsWith('Bearer good')) return next(request)
    throw new ConnectError('who are you?', Code.Unauthenticated)
  }
  const server = await startNativeServer(
    (router) =>
      router.service(GreeterService, {
        sayHello: ({ name }) => ({ message: `Hello ${name}` }),
        async *getStream({ topic }) {
          yield { topic }
        },
      }),
    { lane: { interceptors: [guard] } },
  )
  onTestFinished(() => server.close())
  return { server, seen }
}

function clientOf(options: TransportOptions) {
  return openGreeter(options).client
}

async function streamOf(client: ReturnType<typeof clientOf>): Promise<string[]> {
  const topics: string[] = []
  for await (const { topic } of client.getStream({ topic: 'a' })) topics.push(topic)
  return topics
}

test.each(PROTOCOLS)(
  'AU-1 %s: a valid token admits unary calls and streams, an invalid or missing one does not',
  async (protocol) => {
    const { server } = await startGuarded()
    const place = { baseUrl: server.origin, protocol }
    const good = clientOf({ ...place, credentials: bearerToken('good', OPEN) })
    expect(await good.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
    expect(await streamOf(good)).toEqual(['a'])
    for (const client of [clientOf({ ...place, credentials: bearerToken('bad', OPEN) }), clientOf(place)]) {
      await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unauthenticated })
      await expect(streamOf(client)).rejects.toMatchObject({ code: Code.Unauthenticated })
    }
  },
)

test.each(PROTOCOLS)('%s: sends credentials of both channel and call, after the interceptors', async (protocol) => {
  const { server, seen } = await startGuarded()
  const inside: string[][] = []
  const look: Interceptor = (next) => (request) => {
    inside.push([...request.header.keys()])
    return next(request)
  }
  const client = clientOf({
    baseUrl: server.origin,
    protocol,
    interceptors: [look],
    credentials: bearerToken('good', OPEN),
  })
  const contextValues = createContextValues().set(callCredentials, apiKey('x-key', 'k', OPEN))
  await client.sayHello({}, { contextValues, headers: { mine: 'too' } })
  expect(seen[0]?.get('authorization')).toBe('Bearer good')
  expect(seen[0]?.get('x-key')).toBe('k')
  expect(seen[0]?.get('mine')).toBe('too')
  expect(inside[0]).not.toContain('authorization')
})

test.each(PROTOCOLS)('%s: credentials of a call alone', async (protocol) => {
  const { server } = await startGuarded()
  const client = clientOf({ baseUrl: server.origin, protocol })
  const contextValues = createContextValues().set(callCredentials, bearerToken('good', OPEN))
  expect(await client.sayHello({ name: 'you' }, { contextValues })).toMatchObject({ message: 'Hello you' })
})

test('AU-3 createTransport rejects credentials that require TLS on a cleartext channel', () => {
  const credentials = bearerToken('good')
  for (const target of ['dns:///greeter.test:80', 'ipv4:10.0.0.1:80']) {
    const fault = `credentials require TLS, but the channel to "${target}" is cleartext`
    expect(() => createTransport({ target, credentials })).toThrow(fault)
  }
  clientOf({ target: 'dns:///greeter.test:443', tls: {}, credentials })
  clientOf({ target: 'unix:/run/greeter.sock', credentials })
  clientOf({ target: 'unix-abstract:greeter', credentials })
})

test.each(PROTOCOLS)('AU-3 %s: does not send a cleartext call whose credentials require TLS', async (protocol) => {
  const { server, seen } = await startGuarded()
  const client = clientOf({ baseUrl: server.origin, protocol })
  const contextValues = createContextValues().set(callCredentials, bearerToken('good'))
  await expect(client.sayHello({}, { contextValues })).rejects.toMatchObject({
    code: Code.Unauthenticated,
    rawMessage: 'the credentials of the call require TLS, but the channel is cleartext',
  })
  expect(seen).toEqual([])
})

test.each([
  ['greeter.test:443', 'https://greeter.test'],
  ['greeter.test:80', 'https://greeter.test:80'],
  ['Greeter.test:8443', 'https://Greeter.test:8443'],
])('credentials receive the call that they are for: by the authority %s', async (authority, audience) => {
  const { server } = await startGuarded()
  const told: unknown[] = []
  const credentials: CallCredentials = {
    requiresTls: false,
    metadata(call) {
      told.push(call)
      return { authorization: 'Bearer good' }
    },
  }
  await clientOf({ baseUrl: `${server.origin}/base`, authority, credentials })
    .sayHello({})
    .catch(() => {})
  expect(told).toEqual([
    {
      serviceUrl: `${audience}/greeter.v1.GreeterService`,
      method: 'SayHello',
      path: '/greeter.v1.GreeterService/SayHello',
      authority,
    },
  ])
})

test.each<[string, unknown, Partial<ConnectError>]>([
  ['a status', new ConnectError('no', Code.PermissionDenied), { code: Code.PermissionDenied, rawMessage: 'no' }],
  ['a status of services', new ConnectError('no', Code.NotFound), { code: Code.Internal }],
  [
    'an error',
    new Error('secret'),
    { code: Code.Unauthenticated, rawMessage: 'the credentials of the call could not be obtained' },
  ],
])('a call whose credentials fail with %s', async (_what, thrown, expected) => {
  const { server, seen } = await startGuarded()
  for (const protocol of PROTOCOLS) {
    const metadata = () => Promise.reject(thrown)
    const client = clientOf({ baseUrl: server.origin, protocol, credentials: { requiresTls: false, metadata } })
    await expect(client.sayHello({})).rejects.toMatchObject(expected)
    await expect(streamOf(client)).rejects.toMatchObject(expected)
  }
  expect(seen).toEqual([])
})

test.each(PROTOCOLS)('%s: each attempt asks for its own credentials', async (protocol) => {
  const { server, seen } = await startGuarded()
  const tokens = ['stale', 'good']
  const asked: (string | undefined)[] = []
  const credentials = bearerToken(() => {
    asked.push(tokens[0])
    return tokens.shift() ?? ''
  }, OPEN)
  const serviceConfig = retryConfig(2, 'UNAUTHENTICATED')
  const client = clientOf({ baseUrl: server.origin, protocol, serviceConfig, credentials })
  expect(await client.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
  expect(asked).toEqual(['stale', 'good'])
  expect(seen.map((header) => header.get('authorization'))).toEqual(['Bearer stale', 'Bearer good'])
})

test.each(PROTOCOLS)('%s: observers see a call that fails on its credentials, without secrets', async (protocol) => {
  const { server, seen } = await startGuarded()
  const told: unknown[] = []
  const observer: CallObserver = {
    onStart({ header }) {
      told.push([...header.keys()].map((name) => [name, header.get(name)]))
      return {
        onAttempt: () => ({
          onPicked: () => void told.push('picked'),
          onEnd: (error) => void told.push(`attempt: ${error?.rawMessage}`),
        }),
        onEnd: ({ error }) => void told.push(`call: ${error?.rawMessage}`),
      }
    },
  }
  const place = { baseUrl: server.origin, protocol, observers: [observer] }
  const metadata = () => Promise.reject(new ConnectError('none today', Code.Unavailable))
  const failing = clientOf({ ...place, credentials: { requiresTls: false, metadata } })
  await expect(failing.sayHello({}, { headers: { mine: 'too' } })).rejects.toMatchObject({ code: Code.Unavailable })
  expect(told.splice(0)).toEqual([[['mine', 'too']], 'attempt: none today', 'call: none today'])
  expect(seen).toEqual([])
  await clientOf({ ...place, credentials: bearerToken('good', OPEN) }).sayHello({}, { headers: { mine: 'too' } })
  expect(told).toEqual([[['mine', 'too']], 'picked', 'attempt: undefined', 'call: undefined'])
})

test.each(PROTOCOLS)('%s: the deadline and the signal of a call end the wait for credentials', async (protocol) => {
  const { server } = await startGuarded()
  const signals: AbortSignal[] = []
  const credentials: CallCredentials = {
    requiresTls: false,
    metadata(_call, signal) {
      signals.push(signal)
      return new Promise(() => {})
    },
  }
  const client = clientOf({ baseUrl: server.origin, protocol, credentials })
  await expect(client.sayHello({}, { timeoutMs: 5 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
  const controller = new AbortController()
  const call = client.sayHello({}, { signal: controller.signal })
  const failed = expect(call).rejects.toMatchObject({ code: Code.Canceled })
  await expect.poll(() => signals.length).toBe(2)
  controller.abort()
  await failed
  expect(signals.every(({ aborted }) => aborted)).toBe(true)
})
