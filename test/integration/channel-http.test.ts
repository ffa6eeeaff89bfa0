import { once } from 'node:events'
import { Code, ConnectError, createContextValues } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { type HttpServerOptions, startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'
import { untilAborted } from '../support/until-aborted.ts'

type Way = Required<Pick<TransportOptions, 'protocol' | 'httpVersion'>>

const WAYS: readonly Way[] = [
  { protocol: 'connect', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'grpc-web', httpVersion: '2' },
]

async function start(
  way: Way,
  server: Omit<HttpServerOptions, 'httpVersion'>,
  options: Partial<TransportOptions> = {},
) {
  const served = await startHttpServer({ httpVersion: way.httpVersion, ...server })
  return { ...openGreeter({ baseUrl: served.origin, ...way, ...options }), server: served }
}

/** At most three attempts, without delay. */
function retryOn(...retryableStatusCodes: readonly string[]): Partial<TransportOptions> {
  return { serviceConfig: retryConfig(3, ...retryableStatusCodes) }
}

describe.each(WAYS)('$protocol over HTTP/$httpVersion', (way) => {
  test('carries single messages and streams, both ways', async () => {
    const { client } = await start(way, {
      greeter: {
        sayHello: ({ name }) => ({ message: `Hello ${name}` }),
        async *getStream({ limit }) {
          for (let i = 1; i <= limit; i++) yield { sequence: BigInt(i) }
        },
        async putStream(messages) {
          return { accepted: BigInt((await collect(messages)).length) }
        },
      },
    })
    expect(await client.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
    const sequences = (await collect(client.getStream({ limit: 3 }))).map(({ sequence }) => sequence)
    expect(sequences).toEqual([1n, 2n, 3n])
    const messages = (async function* () {
      for (const data of ['a', 'b']) yield { data }
    })()
    expect(await client.putStream(messages)).toMatchObject({ accepted: 2n })
  })

  test('an error keeps its code, message and metadata', async () => {
    const { client } = await start(way, {
      greeter: {
        sayHello() {
          throw new ConnectError('who is there?', Code.NotFound, { 'x-hint': 'knock' })
        },
      },
    })
    const error = ConnectError.from(await client.sayHello({}).catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: 'who is there?' })
    expect(error.metadata.get('x-hint')).toBe('knock')
  })

  test('an abort ends the call at both ends', async () => {
    const started = Promise.withResolvers<AbortSignal>()
    const { client } = await start(way, {
      greeter: {
        sayHello(_request, { signal }) {
          started.resolve(signal)
          return untilAborted(signal)
        },
      },
    })
    const controller = new AbortController()
    const call = client.sayHello({}, { signal: controller.signal })
    const failed = expect(call).rejects.toMatchObject({ code: Code.Canceled })
    const signal = await started.promise
    const ended = once(signal, 'abort')
    controller.abort()
    await failed
    await ended
  })

  test('a reader that stops ends the call at the server', async () => {
    const ended = Promise.withResolvers<void>()
    const { transport } = await start(way, {
      greeter: {
        async *getStream(_request, { signal }) {
          signal.addEventListener('abort', () => ended.resolve())
          yield { sequence: 1n }
          await untilAborted(signal)
        },
      },
    })
    const input = (async function* () {
      yield {}
    })()
    const { message } = await transport.stream(GreeterService.method.getStream, undefined, undefined, undefined, input)
    for await (const { sequence } of message) {
      expect(sequence).toBe(1n)
      break
    }
    await ended.promise
  })

  test('a deadline passes at a silent server, which knows it', async () => {
    const { client, server } = await start(way, {
      greeter: { sayHello: (_request, { signal }) => untilAborted(signal) },
      answer: () => true,
    })
    await expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: 'the deadline of 500 ms passed',
    })
    const [head = {}] = server.heads
    const told = way.protocol === 'connect' ? Number(head['connect-timeout-ms']) : head['grpc-timeout']
    if (typeof told === 'number') expect(told).toBeLessThanOrEqual(500)
    else expect(told).toMatch(/^\d+n$|^\d+u$/)
  })

  test('a deadline passes before there is a connection', async () => {
    const { client } = openGreeter({ baseUrl: 'http://127.0.0.1:1', ...way })
    const contextValues = createContextValues().set(waitForReady, true)
    await expect(client.sayHello({}, { timeoutMs: 20, contextValues })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: expect.stringContaining('the deadline of 20 ms passed before there was a connection'),
    })
  })

  test('a lost connection ends its calls with UNAVAILABLE', async () => {
    const { client, server } = await start(way, {
      greeter: {
        async *getStream(_request, { signal }) {
          yield { sequence: 1n }
          await untilAborted(signal)
        },
      },
    })
    const read = async () => {
      for await (const _message of client.getStream({})) for (const socket of server.sockets) socket.destroy()
    }
    await expect(read()).rejects.toMatchObject({ code: Code.Unavailable })
  })

  test('an unreachable server is UNAVAILABLE, and is used again once it is back', async () => {
    const first = await startHttpServer({ httpVersion: way.httpVersion })
    await first.close()
    const { client, transport } = openGreeter({ baseUrl: first.origin, ...way })
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect(transport.getState()).not.toBe('READY')
    await startHttpServer({
      httpVersion: way.httpVersion,
      greeter: { sayHello: () => ({ message: 'back' }) },
      where: { port: first.port, host: '127.0.0.1' },
    })
    transport.resetConnectBackoff()
    const contextValues = createContextValues().set(waitForReady, true)
    expect(await client.sayHello({}, { contextValues })).toMatchObject({ message: 'back' })
    expect(transport.getState()).toBe('READY')
  })

  test('closing the transport cancels open calls', async () => {
    const started = Promise.withResolvers<void>()
    const { client, transport } = await start(way, {
      answer() {
        started.resolve()
        return true
      },
    })
    const failed = expect(client.sayHello({})).rejects.toMatchObject({
      code: Code.Canceled,
      rawMessage: 'the transport was closed',
    })
    await started.promise
    await transport.close()
    await failed
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Canceled })
  })

  test('retries a failed call per the service config, and sends the attempt count', async () => {
    let calls = 0
    const { client, server, transport } = await start(
      way,
      {
        greeter: {
          sayHello() {
            calls += 1
            if (calls < 3) throw new ConnectError('not yet', Code.Unavailable)
            return { message: `attempt ${calls}` }
          },
        },
      },
      retryOn('UNAVAILABLE'),
    )
    expect(await client.sayHello({})).toMatchObject({ message: 'attempt 3' })
    expect(server.heads.map((head) => head['grpc-previous-rpc-attempts'])).toEqual([undefined, '1', '2'])
    const { calls: total, addresses } = transport.inspect()
    expect(total).toMatchObject({ started: 1, succeeded: 1, failed: 0 })
    expect(addresses[0]?.calls).toMatchObject({ started: 3, succeeded: 1, failed: 2 })
  })

  test('RT-3 does not retry once a response has begun, even if it cannot be read', async () => {
    const contentType = way.protocol === 'connect' ? 'application/proto' : 'application/grpc-web+proto'
    const { client, server } = await start(
      way,
      {
        answer(_request, response) {
          response.setHeader('content-type', contentType)
          response.end(Uint8Array.of(0, 0) as never)
          return true
        },
      },
      retryOn('UNAVAILABLE', 'INTERNAL', 'UNKNOWN', 'INVALID_ARGUMENT', 'DATA_LOSS', 'CANCELLED'),
    )
    await expect(client.sayHello({})).rejects.toMatchObject({ name: 'ConnectError' })
    expect(server.heads).toHaveLength(1)
  })

  test('RT-10 does not retry a message larger than 256 KiB', async () => {
    const { client, server } = await start(
      way,
      {
        greeter: {
          sayHello() {
            throw new ConnectError('no', Code.Unavailable)
          },
        },
      },
      retryOn('UNAVAILABLE'),
    )
    await expect(client.sayHello({ name: 'x'.repeat(257 * 1024) })).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(1)
  })

  test('does not retry a server whose pushback forbids it', async () => {
    const { client, server } = await start(
      way,
      {
        greeter: {
          sayHello() {
            throw new ConnectError('no', Code.Unavailable, { 'grpc-retry-pushback-ms': '-1' })
          },
        },
      },
      retryOn('UNAVAILABLE'),
    )
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(1)
  })

  test('applies the deadline and the limits of the service config', async () => {
    const methodConfig = [
      { name: [{ service: GreeterService.typeName, method: 'SayHello' }], timeout: '0.020s' },
      { name: [{}], maxRequestMessageBytes: 4, maxResponseMessageBytes: 4 },
    ]
    const { client } = await start(
      way,
      {
        greeter: {
          sayHello: (_request, { signal }) => untilAborted(signal),
          publish: () => ({ sequence: 1n }),
          async *getStream() {
            yield { data: 'longer than that' }
          },
        },
      },
      { serviceConfig: { methodConfig } },
    )
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    await expect(client.publish({ data: 'longer than that' })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    await expect(collect(client.getStream({}))).rejects.toMatchObject({ code: Code.ResourceExhausted })
  })

  test('balances calls over the addresses of a target', async () => {
    const names: string[] = []
    const greeterOf = (name: string) => ({
      sayHello() {
        names.push(name)
        return {}
      },
    })
    const { httpVersion } = way
    const [a, b] = await Promise.all([
      startHttpServer({ httpVersion, greeter: greeterOf('a') }),
      startHttpServer({ httpVersion, greeter: greeterOf('b') }),
    ])
    const { client, transport } = openGreeter({
      target: `ipv4:127.0.0.1:${a.port},127.0.0.1:${b.port}`,
      ...way,
      serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
    })
    const bothAreReady = () => transport.inspect().addresses.filter(({ state }) => state === 'READY').length === 2
    while (!bothAreReady()) await client.sayHello({})
    names.length = 0
    for (let i = 0; i < 4; i++) await client.sayHello({})
    expect(names.toSorted()).toEqual(['a', 'a', 'b', 'b'])
  })

  test('a response of another protocol fails the call, and the connection is reused', async () => {
    const { client, server } = await start(way, {
      greeter: { sayHello: () => ({ message: 'fine' }) },
      answer(_request, response, count) {
        if (count > 0) return false
        response.setHeader('content-type', 'text/html')
        response.end('<p>')
        return true
      },
    })
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unknown })
    expect(await client.sayHello({})).toMatchObject({ message: 'fine' })
    expect(server.heads).toHaveLength(2)
  })

  test('does not send protocol headers that the caller sets', async () => {
    const { client, server } = await start(way, { greeter: { sayHello: () => ({}) } })
    await client.sayHello({}, { headers: { 'x-mine': 'yes', 'user-agent': 'me', 'grpc-timeout': '1n', te: 'gzip' } })
    const [head = {}] = server.heads
    expect(head['x-mine']).toBe('yes')
    expect(head['user-agent']).toMatch(/^me portico\//)
    expect(head['grpc-timeout']).toBeUndefined()
    expect(head.te).toBeUndefined()
  })
})
