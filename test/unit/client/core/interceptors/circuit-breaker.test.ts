import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { type CircuitBreakerOptions, circuitBreaker } from '../../../../../client/core/interceptors/circuit-breaker.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../../../../support/collect.ts'

/** A greeter that fails with a given code, behind a breaker with manual time and fixed random numbers. */
function setUp(options: CircuitBreakerOptions = {}) {
  const world = { nowMs: 900_000, random: 0, code: Code.Unavailable as Code | null, handled: 0 }
  function answer(): object {
    world.handled += 1
    if (world.code !== null) throw new ConnectError('as told', world.code)
    return {}
  }
  const breaker = circuitBreaker({ now: () => world.nowMs, random: () => world.random, ...options })
  const transport = createRouterTransport(
    (router) =>
      router.service(GreeterService, {
        sayHello: answer,
        publish: answer,
        async *getStream() {
          yield {}
          yield answer()
        },
      }),
    { transport: { interceptors: [breaker] } },
  )
  const client = createClient(GreeterService, transport)
  /** Makes calls that the breaker lets pass, whatever the dice say. */
  async function make(calls: number, code: Code | null): Promise<void> {
    Object.assign(world, { code, random: 0.999_999 })
    const before = world.handled
    for (let i = 0; i < calls; i++) await client.sayHello({}).catch(() => {})
    expect(world.handled - before).toBe(calls)
  }
  /** Whether a call reaches the server if the dice show that much. */
  async function passes(random: number): Promise<boolean> {
    Object.assign(world, { code: null, random })
    const before = world.handled
    const error = await client.sayHello({}).catch((thrown) => thrown)
    if (world.handled > before) return true
    const rawMessage = 'the circuit breaker of greeter.v1.GreeterService/SayHello is open'
    expect(error).toMatchObject({ code: Code.Unavailable, rawMessage })
    return false
  }
  return { world, client, make, passes }
}

describe('GV-2', () => {
  test.each([
    { failed: 19, succeeded: 0, share: 0, why: 'too few to tell' },
    { failed: 20, succeeded: 0, share: 20 / 21, why: 'nothing succeeds' },
    { failed: 20, succeeded: 20, share: 0, why: 'half of them succeed' },
    { failed: 21, succeeded: 20, share: 1 / 42, why: 'not quite half of them do' },
    { failed: 90, succeeded: 10, share: 80 / 101, why: 'a tenth do' },
  ])('after $failed failed and $succeeded succeeded calls a share of $share is rejected: $why', async (row) => {
    for (const random of [Math.max(0, row.share - 1e-9), row.share + 1e-9]) {
      const { make, passes } = setUp()
      await make(row.succeeded, null)
      await make(row.failed, Code.Unavailable)
      expect(await passes(random)).toBe(random > row.share || row.share === 0)
    }
  })

  test('a rejected call counts as a failed one', async () => {
    const { make, passes } = setUp()
    await make(20, Code.Unavailable)
    for (let i = 0; i < 19; i++) expect(await passes(0)).toBe(false)
    expect(await passes(38.9 / 40)).toBe(false)
    expect(await passes(0.99)).toBe(true)
  })

  test('calls that succeed again close it', async () => {
    const { make, passes } = setUp()
    await make(30, Code.Unavailable)
    expect(await passes(0)).toBe(false)
    await make(31, null)
    expect(await passes(0)).toBe(true)
  })

  test('samples older than the window are dropped, a tenth of it at a time', async () => {
    const { make, passes, world } = setUp()
    await make(15, Code.Unavailable)
    world.nowMs += 300
    await make(20, Code.Unavailable)
    world.nowMs += 2_699
    expect(await passes(0.96)).toBe(false)
    world.nowMs += 1
    expect(await passes(0.96)).toBe(true)
  })

  test('each method has its own breaker', async () => {
    const { make, passes, client } = setUp()
    await make(30, Code.Unavailable)
    expect(await passes(0)).toBe(false)
    await client.publish({})
  })

  test('applies k and minRequests', async () => {
    const { make, passes } = setUp({ k: 1, minRequests: 2 })
    await make(1, null)
    await make(1, Code.Unavailable)
    expect(await passes(1 / 3 - 1e-9)).toBe(false)
  })
})

test.each([Code.Canceled, Code.InvalidArgument, Code.NotFound, Code.ResourceExhausted, Code.Unknown])(
  'GV-3 code %d is a response',
  async (code) => {
    const { make, passes } = setUp()
    await make(100, code)
    expect(await passes(0)).toBe(true)
  },
)

test.each([Code.Internal, Code.Unavailable, Code.DeadlineExceeded])('code %d is a failure', async (code) => {
  const { make, passes } = setUp()
  await make(20, code)
  expect(await passes(0)).toBe(false)
})

test('a stream counts when it ends', async () => {
  const { client, world } = setUp({ minRequests: 1 })
  const stream = client.getStream({})[Symbol.asyncIterator]()
  await stream.next()
  expect(await collect(client.getStream({})).catch((error) => error)).toMatchObject({ rawMessage: 'as told' })
  await expect(collect(client.getStream({}))).rejects.toThrow('circuit breaker')
  world.code = null
  await stream.next()
  await stream.next()
  world.random = 0.5
  expect(await collect(client.getStream({}))).toHaveLength(2)
})

test.each<[CircuitBreakerOptions, string]>([
  [{ windowMs: 0 }, 'windowMs is 0, and must be a number from 1'],
  [{ buckets: 2.5 }, 'buckets is 2.5, and must be a whole number from 1 to 1000'],
  [{ k: 0.5 }, 'k is 0.5, and must be a number from 1'],
  [{ minRequests: -1 }, 'minRequests is -1, and must be a whole number from 0'],
])('rejects %j', (options, text) => {
  expect(() => circuitBreaker(options)).toThrow(new RangeError(text))
})
