/** Rate limits on servers: what clients of each protocol see, and what the limits leave out. */
import { fromBinary } from '@bufbuild/protobuf'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { DurationSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { rateLimit } from '../../server/limits/rate-limit.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { startRoutes } from '../support/demo-server.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'

const CLEARTEXT = MATRIX.filter(({ isSecure }) => !isSecure)
const CASES = LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const))
const [ROW] = CLEARTEXT as [MatrixRow]

async function start({ lane, row, middleware }: { lane: Lane; row: MatrixRow; middleware: Middleware[] }) {
  const served = { calls: 0 }
  const { port, origin } = await startRoutes({
    lane,
    middleware,
    routes: (router) =>
      router.service(GreeterService, {
        sayHello() {
          served.calls++
          return { message: 'Hello' }
        },
        async *getStream() {
          served.calls++
          yield { data: 'one' }
        },
      }),
  })
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  return { ...createClient(GreeterService, transport), check: createClient(Health, transport).check, served, origin }
}

async function collect(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages) void _
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return ConnectError.from(await call.catch((reason: unknown) => reason))
}

function retryDelayOf(error: ConnectError) {
  const detail = error.details.find((each) => 'type' in each && each.type === 'google.rpc.RetryInfo')
  const reader = new BinaryReader((detail as { value: Uint8Array }).value)
  expect(reader.tag()).toEqual([1, 2])
  return fromBinary(DurationSchema, reader.bytes())
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  test('a call above the rate is refused with the time of the next try', async () => {
    const limit = rateLimit({ by: 'peer', capacity: 1, refillPerSecond: 0.4, clock: new ManualClock() })
    const { sayHello, getStream, check, served } = await start({ lane, row, middleware: [limit] })
    await sayHello({})
    for (const call of [() => sayHello({}), () => collect(getStream({}))]) {
      const error = await failureOf(call())
      expect(error.code).toBe(Code.ResourceExhausted)
      expect(error.metadata.get('grpc-retry-pushback-ms')).toBe('2500')
      expect(error.metadata.get('retry-after')).toBe('3')
      expect(retryDelayOf(error)).toMatchObject({ seconds: 2n, nanos: 500_000_000 })
    }
    expect(served.calls).toBe(1)
    expect(limit.state.refused).toBe(2)
    await check({})
    await check({})
  })
})

test('Connect answers with HTTP status 429 and retry-after', async () => {
  const limit = rateLimit({ by: 'method', capacity: 1, refillPerSecond: 0.1, clock: new ManualClock() })
  const { origin } = await start({ lane: 'native', row: ROW, middleware: [limit] })
  const post = () =>
    fetch(`${origin}/greeter.v1.GreeterService/SayHello`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  expect((await post()).status).toBe(200)
  const refused = await post()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
  expect(await refused.json()).toMatchObject({ code: 'resource_exhausted', message: 'rate limit exceeded' })
})

test('the peer is the caller behind a trusted proxy', async () => {
  const limit = rateLimit({ by: 'peer', capacity: 1, refillPerSecond: 0.1, clock: new ManualClock() })
  const { port } = await startRoutes({
    middleware: [limit],
    fastifyOptions: { trustProxy: true },
    routes: (router) => router.service(GreeterService, { sayHello: () => ({}) }),
  })
  const { transport, close } = openTransport(ROW, { port, ca: '' })
  onTestFinished(close)
  const { sayHello } = createClient(GreeterService, transport)
  const from = (address: string) => sayHello({}, { headers: { 'x-forwarded-for': address } })
  await from('192.0.2.1')
  await from('192.0.2.2')
  await from('2001:db8::1')
  await expect(from('192.0.2.1')).rejects.toMatchObject({ code: Code.ResourceExhausted })
  await expect(from('2001:db8::2')).rejects.toMatchObject({ code: Code.ResourceExhausted })
})

test('standard services are limited on request', async () => {
  const options = { by: 'peer', capacity: 1, refillPerSecond: 0.1, standardServices: true } as const
  const { check } = await start({
    lane: 'native',
    row: ROW,
    middleware: [rateLimit({ ...options, clock: new ManualClock() })],
  })
  await check({})
  await expect(check({})).rejects.toMatchObject({ code: Code.ResourceExhausted })
})

test('a limiter of rate-limiter-flexible counts the calls', async () => {
  const limit = rateLimit({ by: 'peer', limiter: new RateLimiterMemory({ points: 2, duration: 3_600 }) })
  const { sayHello, served } = await start({ lane: 'native', row: ROW, middleware: [limit] })
  await sayHello({})
  await sayHello({})
  const error = await failureOf(sayHello({}))
  expect(error.code).toBe(Code.ResourceExhausted)
  expect(Number(error.metadata.get('grpc-retry-pushback-ms'))).toBeGreaterThan(3_000_000)
  expect(served.calls).toBe(2)
})

test('a limit by principal before authenticate ends the start-up', async () => {
  const limit = rateLimit({ by: 'principal', capacity: 1, refillPerSecond: 1 })
  const authenticate: Middleware = { name: 'authenticate', requestGate() {} }
  const starting = startRoutes({ middleware: [limit, authenticate], routes: () => {} })
  await expect(starting).rejects.toThrow('rateLimit by principal stands before authenticate: list it after')
})
