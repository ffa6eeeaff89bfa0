/** Limits of concurrent calls on servers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { adaptiveLimit } from '../../server/limits/adaptive-limit.ts'
import { concurrencyLimit } from '../../server/limits/concurrency-limit.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { startRoutes } from '../support/demo-server.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'

const CLEARTEXT = MATRIX.filter(({ isSecure, format }) => !isSecure && format === 'proto')
const CASES = LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const))
const [ROW] = CLEARTEXT as [MatrixRow]

/** Handlers wait until `release` is called. */
async function start({ lane, row, middleware }: { lane: Lane; row: MatrixRow; middleware: Middleware[] }) {
  const gate = Promise.withResolvers<void>()
  const served = { calls: 0 }
  const { port } = await startRoutes({
    lane,
    middleware,
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello() {
          served.calls++
          await gate.promise
          return { message: 'Hello' }
        },
        async *getStream() {
          served.calls++
          yield { data: 'one' }
          await gate.promise
        },
      }),
  })
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  const client = createClient(GreeterService, transport)
  return { ...client, check: createClient(Health, transport).check, served, release: gate.resolve }
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  test('GV-7 a call above the limit never reaches the handler, and room is made by the end of another', async () => {
    const limit = concurrencyLimit({ max: 2, retryAfterMs: 1_000 })
    const { sayHello, getStream, check, served, release } = await start({ lane, row, middleware: [limit] })
    const first = sayHello({})
    const stream = getStream({})[Symbol.asyncIterator]()
    await stream.next()
    await vi.waitFor(() => expect(served.calls).toBe(2))
    const refused = await sayHello({}).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: Code.Unavailable, rawMessage: 'too many concurrent calls' })
    expect(Number((refused as { metadata: Headers }).metadata.get('grpc-retry-pushback-ms'))).toBeGreaterThan(499)
    await check({})
    expect([served.calls, limit.state.inFlight, limit.state.shed]).toEqual([2, 2, 1])
    release()
    await first
    expect(await stream.next()).toMatchObject({ done: true })
    await vi.waitFor(() => expect(limit.state.inFlight).toBe(0))
    await sayHello({})
  })

  test('a call that its client cancels makes room once its handler has returned', async () => {
    const limit = concurrencyLimit({ perMethod: 1 })
    const { sayHello, served, release } = await start({ lane, row, middleware: [limit] })
    const controller = new AbortController()
    const canceled = sayHello({}, { signal: controller.signal })
    await vi.waitFor(() => expect(served.calls).toBe(1))
    controller.abort()
    await expect(canceled).rejects.toMatchObject({ code: Code.Canceled })
    release()
    await vi.waitFor(() => expect(limit.state.inFlight).toBe(0))
    await sayHello({})
  })

  test('a call whose deadline has passed on arrival keeps no room', async () => {
    const limit = concurrencyLimit({ max: 1 })
    const { sayHello, release } = await start({ lane, row, middleware: [limit] })
    release()
    const headers = row.protocol === 'Connect' ? { 'connect-timeout-ms': '0' } : { 'grpc-timeout': '0m' }
    // On the reference lane the handler decides what the answer is.
    await sayHello({}, { headers }).catch(() => {})
    await vi.waitFor(() => expect(limit.state.inFlight).toBe(0))
    await sayHello({})
  })
})

test('a call that waits for the handler of a canceled one is admitted when that handler returns', async () => {
  const limit = concurrencyLimit({ max: 1 })
  const gate = Promise.withResolvers<void>()
  const served = { calls: 0 }
  const { port } = await startRoutes({
    lane: 'native',
    middleware: [limit],
    listen: { maxConcurrentStreams: 1 },
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello() {
          served.calls++
          if (served.calls === 2) await gate.promise
          return {}
        },
      }),
  })
  const { transport, close } = openTransport(ROW, { port, ca: '' })
  onTestFinished(close)
  const { sayHello } = createClient(GreeterService, transport)
  await sayHello({})
  const controller = new AbortController()
  const canceled = sayHello({}, { signal: controller.signal })
  await vi.waitFor(() => expect(served.calls).toBe(2))
  controller.abort()
  await expect(canceled).rejects.toMatchObject({ code: Code.Canceled })
  const waiting = sayHello({})
  await sleep(50)
  gate.resolve()
  await waiting
  expect(limit.state).toMatchObject({ shed: 0 })
})

test('a server without load admits everything, and counts what is in flight', async () => {
  const limit = adaptiveLimit()
  const { sayHello, getStream, served, release } = await start({ lane: 'native', row: ROW, middleware: [limit] })
  const calls = Array.from({ length: 50 }, () => sayHello({}))
  const stream = getStream({})[Symbol.asyncIterator]()
  await stream.next()
  await vi.waitFor(() => expect(served.calls).toBe(51))
  expect(limit.state).toMatchObject({ inFlight: 50, shed: 0 })
  release()
  await Promise.all(calls)
  await stream.next()
  await vi.waitFor(() => expect(limit.state.inFlight).toBe(0))
})

/** Blocks the event loop, as CPU work does. */
function spin(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

/** Each protocol once, and both versions of HTTP. */
const PROTOCOLS = CLEARTEXT.filter(({ protocol, httpVersion }) => (protocol === 'gRPC-Web') === (httpVersion === '1.1'))

describe.each(PROTOCOLS.map((row) => [row.name, row] as const))('an overloaded server, by %s', (_name, row) => {
  test('GV-7 sheds calls that never reach the handler, answers health, and recovers', async () => {
    const limit = adaptiveLimit({ retryAfterMs: 1_000 })
    const served = { calls: 0 }
    const { port } = await startRoutes({
      lane: 'native',
      middleware: [limit],
      routes: (router) =>
        router.service(GreeterService, {
          sayHello() {
            served.calls++
            spin(5)
            return {}
          },
        }),
    })
    const { transport, close } = openTransport(row, { port, ca: '' })
    onTestFinished(close)
    const { sayHello } = createClient(GreeterService, transport)
    const { check } = createClient(Health, transport)
    const outcomes = { answered: 0, shed: 0, pushbackMs: 0 }
    let isHealthChecked = false
    const isDone = () => outcomes.shed >= 20 && isHealthChecked
    /** One caller, who calls again whatever the answer. */
    async function call(): Promise<void> {
      while (!isDone()) {
        try {
          await sayHello({})
          outcomes.answered++
        } catch (error) {
          const { code, metadata } = error as { code: Code; metadata: Headers }
          expect(code).toBe(Code.Unavailable)
          outcomes.pushbackMs = Number(metadata.get('grpc-retry-pushback-ms'))
          outcomes.shed++
        }
      }
    }
    const callers = Promise.all(Array.from({ length: 30 }, call))
    try {
      await vi.waitFor(() => expect(limit.state.isOverloaded).toBe(true), { timeout: 10_000 })
      expect(await check({})).toMatchObject({ status: 1 })
    } finally {
      isHealthChecked = true
    }
    await callers
    expect(served.calls).toBe(outcomes.answered)
    expect(limit.state.shed).toBe(outcomes.shed)
    expect(outcomes.pushbackMs).toBeGreaterThan(499)
    const hasRecovered = async () => {
      await sayHello({})
      expect(limit.state).toMatchObject({ isOverloaded: false, limit: 1_000 })
    }
    await vi.waitFor(hasRecovered, { timeout: 10_000, interval: 500 })
  })
})
