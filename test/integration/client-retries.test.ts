/** Retries, hedges and replay are the same for every protocol and every kind of method. */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { create, toBinary } from '@bufbuild/protobuf'
import { type Client, Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { EnvelopeFlag, envelop } from '../../wire/envelope.ts'
import { ErrorCode, type Http2Stream, type RequestHead } from '../../wire/http2/http2.ts'
import { CLIENT_WAYS, type ClientWay } from '../support/client-ways.ts'
import { collect } from '../support/collect.ts'
import { startRoutes } from '../support/demo-server.ts'
import { startGrpcServer } from '../support/grpc-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { retryConfig } from '../support/retry-config.ts'
import { untilAborted } from '../support/until-aborted.ts'

type Greeter = Client<typeof GreeterService>
type Mode = 'unary' | 'server stream' | 'client stream' | 'bidirectional stream'

/** An attempt as the server sees it. */
interface Attempt {
  /** From 0. */
  readonly index: number
  readonly mode: Mode
  readonly context: HandlerContext
  /** The messages of the request, as text. */
  readonly received: readonly string[]
}

/** What the server does with an attempt: throws, waits, or succeeds. */
type Behaviour = (attempt: Attempt) => unknown

/** What each mode sends, and what comes back of it. */
const CALLS: Readonly<Record<Mode, (client: Greeter, options?: { timeoutMs?: number }) => Promise<string>>> = {
  unary: async (client, options) => (await client.sayHello({ name: 'a' }, options)).message,
  'server stream': async (client, options) => {
    const answers = await collect(client.getStream({ topic: 'a' }, options))
    return answers.map(({ data }) => data).join()
  },
  'client stream': async (client, options) => String((await client.putStream(threeMessages(), options)).accepted),
  'bidirectional stream': async (client, options) => {
    const answers = await collect(client.allStream(threeMessages(), options))
    return answers.map(({ data }) => data).join()
  },
}

const WELL: Readonly<Record<Mode, string>> = {
  unary: 'a',
  'server stream': 'a,a',
  'client stream': '3',
  'bidirectional stream': 'a,b,c',
}

async function* threeMessages() {
  for (const data of ['a', 'b', 'c']) yield { topic: 't', data }
}

/** Over HTTP/1.1 this server responds only to a complete request. */
const ROWS = CLIENT_WAYS.flatMap((way) =>
  (Object.keys(CALLS) as Mode[])
    .filter((mode) => way.httpVersion === '2' || mode !== 'bidirectional stream')
    .map((mode) => ({ ...way, mode })),
)

async function serve(behave: Behaviour, options: Partial<TransportOptions>) {
  const attempts: Attempt[] = []
  async function take(mode: Mode, received: readonly string[], context: HandlerContext): Promise<void> {
    const attempt = { index: attempts.length, mode, context, received }
    attempts.push(attempt)
    await behave(attempt)
  }
  const server = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello({ name }, context) {
          await take('unary', [name], context)
          return { message: name }
        },
        async *getStream({ topic }, context) {
          await take('server stream', [topic], context)
          for (let i = 0; i < 2; i++) yield { data: topic }
        },
        async putStream(messages, context) {
          const received = (await collect(messages)).map(({ data }) => data)
          await take('client stream', received, context)
          return { accepted: BigInt(received.length) }
        },
        async *allStream(messages, context) {
          const received = (await collect(messages)).map(({ data }) => data)
          await take('bidirectional stream', received, context)
          for (const data of received) yield { data }
        },
      }),
  })
  return { attempts, ...openGreeter({ baseUrl: server.origin, ...options }) }
}

function wayOf({ protocol, httpVersion }: ClientWay): ClientWay {
  return { protocol, httpVersion }
}

function previousAttempts(attempts: readonly Attempt[]): (string | null)[] {
  return attempts.map(({ context }) => context.requestHeader.get('grpc-previous-rpc-attempts'))
}

function fail(code: Code, pushbackMs?: string): never {
  throw new ConnectError('not now', code, pushbackMs === undefined ? {} : { 'grpc-retry-pushback-ms': pushbackMs })
}

describe.each(ROWS)('$protocol over HTTP/$httpVersion, $mode', ({ mode, ...row }) => {
  const way = wayOf(row)
  const call = CALLS[mode]
  const retrying = { ...way, serviceConfig: retryConfig(4, 'UNAVAILABLE') }

  test('RT-1 failed attempts are retried with the same messages and the attempt count', async () => {
    const { attempts, client, transport } = await serve(({ index }) => index < 3 && fail(Code.Unavailable), retrying)
    expect(await call(client)).toBe(WELL[mode])
    expect(previousAttempts(attempts)).toEqual([null, '1', '2', '3'])
    const [first] = attempts
    for (const { received } of attempts) expect(received).toEqual(first?.received)
    expect(transport.inspect().calls).toMatchObject({ started: 1, succeeded: 1, failed: 0 })
    expect(transport.inspect().addresses[0]?.calls).toMatchObject({ started: 4, succeeded: 1, failed: 3 })
  })

  test('RT-1 the last failure is the error of the call', async () => {
    const { attempts, client } = await serve(() => fail(Code.Unavailable), retrying)
    await expect(call(client)).rejects.toMatchObject({ code: Code.Unavailable, rawMessage: 'not now' })
    expect(attempts).toHaveLength(4)
  })

  test('RT-2 other codes are not retried', async () => {
    const { attempts, client } = await serve(() => fail(Code.NotFound), retrying)
    await expect(call(client)).rejects.toMatchObject({ code: Code.NotFound, rawMessage: 'not now' })
    expect(attempts).toHaveLength(1)
  })

  test.each([
    ['0', 2],
    ['1', 2],
    ['-1', 1],
    ['abc', 1],
    ['1, 2', 1],
  ])('RT-4 a pushback of %s results in %i attempts', async (pushbackMs, expected) => {
    const { attempts, client } = await serve(({ index }) => index === 0 && fail(Code.Unavailable, pushbackMs), {
      ...way,
      serviceConfig: retryConfig(5, 'UNAVAILABLE'),
    })
    const outcome = await call(client).catch((error: unknown) => ConnectError.from(error).code)
    expect(attempts).toHaveLength(expected)
    expect(outcome).toBe(expected === 1 ? Code.Unavailable : WELL[mode])
  })

  test('RT-5 stops retrying at half of the tokens or fewer', async () => {
    const serviceConfig = { ...retryConfig(5, 'UNAVAILABLE'), retryThrottling: { maxTokens: 4, tokenRatio: 1 } }
    const { attempts, client, transport } = await serve(() => fail(Code.Unavailable), { ...way, serviceConfig })
    await expect(call(client)).rejects.toThrow()
    expect(attempts).toHaveLength(2)
    expect(transport.inspect().retryTokens).toBe(2)
  })

  test('RT-6 makes at most five attempts', async () => {
    const serviceConfig = retryConfig(9, 'UNAVAILABLE')
    const { attempts, client } = await serve(() => fail(Code.Unavailable), { ...way, serviceConfig })
    await expect(call(client)).rejects.toThrow()
    expect(attempts).toHaveLength(5)
  })

  test('ignores policies when retries are off', async () => {
    const { attempts, client } = await serve(() => fail(Code.Unavailable), { ...retrying, retry: false })
    await expect(call(client)).rejects.toThrow()
    expect(attempts).toHaveLength(1)
  })

  test('RT-11 DL-5 a deadline that passes between two attempts ends the call, and says what it waited for', async () => {
    const [methodConfig] = retryConfig(5, 'UNAVAILABLE').methodConfig
    const retryPolicy = { ...methodConfig.retryPolicy, initialBackoff: '60s', maxBackoff: '60s' }
    const serviceConfig = { methodConfig: [{ name: [{}], retryPolicy }] }
    const { attempts, client } = await serve(() => fail(Code.Unavailable), { ...way, serviceConfig })
    await expect(call(client, { timeoutMs: 300 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: 'the deadline of 300 ms passed before another attempt: not now',
    })
    expect(attempts).toHaveLength(1)
  })

  const hedging = (policy: object) => ({
    ...way,
    serviceConfig: { methodConfig: [{ name: [{}], hedgingPolicy: { maxAttempts: 3, ...policy } }] },
  })

  test('RT-9 the first hedged response wins, and the other attempts are cancelled', async () => {
    const cancelled: Promise<unknown>[] = []
    const { attempts, client } = await serve(
      ({ index, context: { signal } }) => {
        if (index === 2) return undefined
        cancelled.push(once(signal, 'abort'))
        return untilAborted(signal)
      },
      hedging({ hedgingDelay: '0.01s' }),
    )
    expect(await call(client)).toBe(WELL[mode])
    expect(new Set(previousAttempts(attempts))).toEqual(new Set([null, '1', '2']))
    await Promise.all(cancelled)
    expect(cancelled).toHaveLength(2)
  })

  test('RT-9 a non-fatal failure leaves the other attempts running, and starts the next at once', async () => {
    const { attempts, client } = await serve(
      ({ index }) => index < 2 && fail(Code.Unavailable),
      hedging({ hedgingDelay: '60s', nonFatalStatusCodes: ['UNAVAILABLE'] }),
    )
    expect(await call(client)).toBe(WELL[mode])
    expect(attempts).toHaveLength(3)
  })

  test('RT-9 a fatal failure ends the call', async () => {
    const { attempts, client } = await serve(() => fail(Code.NotFound), hedging({ hedgingDelay: '60s' }))
    await expect(call(client)).rejects.toMatchObject({ code: Code.NotFound })
    expect(attempts).toHaveLength(1)
  })

  test('RT-9 DL-5 the deadline ends all hedged attempts', async () => {
    const ended: Promise<unknown>[] = []
    const { client, transport } = await serve(
      ({ context: { signal } }) => {
        ended.push(once(signal, 'abort'))
        return untilAborted(signal)
      },
      hedging({ hedgingDelay: '0s' }),
    )
    await expect(call(client, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    await Promise.all(ended)
    expect(transport.inspect().addresses[0]?.calls).toMatchObject({ started: 3, failed: 3 })
  })
})

describe.each(CLIENT_WAYS)('$protocol over HTTP/$httpVersion', (row) => {
  const retrying = { ...wayOf(row), serviceConfig: retryConfig(4, 'UNAVAILABLE', 'INTERNAL', 'UNKNOWN') }

  test('RT-3 an error after a message is not retried', async () => {
    let calls = 0
    const server = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          async *getStream() {
            calls += 1
            yield { data: 'a' }
            fail(Code.Unavailable)
          },
        }),
    })
    const { client } = openGreeter({ baseUrl: server.origin, ...retrying })
    const seen: string[] = []
    const reading = (async () => {
      for await (const { data } of client.getStream({})) seen.push(data)
    })()
    await expect(reading).rejects.toMatchObject({ code: Code.Unavailable })
    expect([seen, calls]).toEqual([['a'], 1])
  })

  test('RT-10 reads the request messages once, however many attempts there are', async () => {
    const { attempts, client } = await serve(({ index }) => index < 2 && fail(Code.Unavailable), retrying)
    let made = 0
    async function* input() {
      for (; made < 3; made++) yield { data: `${made}` }
    }
    await client.putStream(input())
    expect([made, attempts.map(({ received }) => received.join())]).toEqual([3, ['0,1,2', '0,1,2', '0,1,2']])
  })

  test.each([
    ['long messages', 10, 'x'.repeat(60_000)],
    ['many messages', 40_000, 'x'],
  ])('RT-10 a stream of more than 256 KiB is not retried: %s', async (_why, count, data) => {
    const { attempts, client } = await serve(() => fail(Code.Unavailable), retrying)
    async function* input() {
      for (let i = 0; i < count; i++) yield { data }
    }
    await expect(client.putStream(input())).rejects.toMatchObject({ code: Code.Unavailable })
    expect(attempts.map(({ received }) => received.length)).toEqual([count])
  })

  test.each([
    [255, 4],
    [257, 1],
  ])('RT-10 one message of %i KiB is sent at most %i times', async (kib, expected) => {
    const { attempts, client } = await serve(() => fail(Code.Unavailable), retrying)
    const text = 'x'.repeat(kib * 1024)
    await expect(client.sayHello({ name: text })).rejects.toMatchObject({ code: Code.Unavailable })
    expect(attempts.splice(0)).toHaveLength(expected)
    await expect(collect(client.getStream({ topic: text }))).rejects.toMatchObject({ code: Code.Unavailable })
    expect(attempts).toHaveLength(expected)
  })
})

/** A complete response of the greeter, in the protocol of the request. */
function hello(stream: Http2Stream, { head }: { head: RequestHead }): void {
  const type = head.get('content-type') ?? ''
  const fields = [
    { name: ':status', value: '200' },
    { name: 'content-type', value: type },
  ]
  const message = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' }))
  if (type.startsWith('application/grpc-web')) {
    const trailers = envelop(EnvelopeFlag.TRAILERS, Buffer.from('grpc-status: 0\r\n'))
    stream.reply(fields, envelop(EnvelopeFlag.NONE, message, trailers), null)
  } else if (type.startsWith('application/grpc')) {
    stream.reply(fields, envelop(EnvelopeFlag.NONE, message), [{ name: 'grpc-status', value: '0' }])
  } else {
    stream.reply(fields, message, null)
  }
}

describe.each(CLIENT_WAYS.filter(({ httpVersion }) => httpVersion === '2'))('$protocol, without a policy', (row) => {
  const place = (port: number) => ({ baseUrl: `http://127.0.0.1:${port}`, ...wayOf(row) })

  test('RT-7 retries a refused stream once, without counting it', async () => {
    const server = await startGrpcServer((stream, request) => {
      if (request.attempt === 0) stream.reset(ErrorCode.REFUSED_STREAM)
      else hello(stream, request)
    })
    const { client } = openGreeter(place(server.port))
    expect(await client.sayHello({ name: 'x'.repeat(300 * 1024) })).toMatchObject({ message: 'hello' })
    expect(server.heads.map((head) => head.get('grpc-previous-rpc-attempts'))).toEqual([undefined, undefined])
  })

  test('RT-7 but only once', async () => {
    const server = await startGrpcServer((stream) => stream.reset(ErrorCode.REFUSED_STREAM))
    const { client } = openGreeter(place(server.port))
    await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect(server.heads).toHaveLength(2)
  })

  test('RT-8 all calls that race with a GOAWAY are answered', async () => {
    const server = await startGrpcServer((stream, request) => {
      hello(stream, request)
      if (request.attempt % 10 === 0) request.session.close()
    })
    const { client } = openGreeter(place(server.port))
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 25 }, () => client.sayHello({})))
      expect(answers).toHaveLength(25)
    }
  })
})
