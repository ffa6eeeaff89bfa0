/** Rate limits on an injected clock. */
import { Code, ConnectError, createContextValues, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { type RateLimitOptions, rateLimit } from '../../../../server/limits/rate-limit.ts'
import { networkOf } from '../../../../server/limits/rate-limit-key.ts'
import { MemoryStore, type RateLimitStore } from '../../../../server/limits/rate-limit-store.ts'
import { peerKey, principalKey } from '../../../../server/rpc/context-keys.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

interface Caller {
  readonly address?: string
  readonly principal?: string
  readonly tenant?: string
}

function contextOf({ address = '192.0.2.1', principal, tenant = '' }: Caller): HandlerContext {
  const values = createContextValues()
  values.set(peerKey, { address, port: 1, tls: undefined, certificate: undefined })
  if (principal !== undefined) values.set(principalKey, { name: principal, scheme: 'jwt', scopes: [], claims: {} })
  const context = { values, method: GreeterService.method.sayHello, requestHeader: new Headers({ tenant }) }
  return context as unknown as HandlerContext
}

/** A limit, and a function that calls: undefined for an admitted call, else the refusal. */
function limited(options: Partial<RateLimitOptions> = {}) {
  const clock = new ManualClock()
  const limit = rateLimit({ by: 'peer', capacity: 3, refillPerSecond: 2, clock, ...options })
  async function call(caller: Caller = {}): Promise<ConnectError | undefined> {
    try {
      await limit.requestGate?.(contextOf(caller))
      return undefined
    } catch (error) {
      return ConnectError.from(error)
    }
  }
  /** How many of these calls are admitted. */
  async function admitted(calls: number, caller: Caller = {}): Promise<number> {
    let passed = 0
    for (let index = 0; index < calls; index++) if ((await call(caller)) === undefined) passed++
    return passed
  }
  return { clock, limit, call, admitted }
}

const byTenant = ({ requestHeader }: HandlerContext) => requestHeader.get('tenant') ?? undefined

describe('GV-1 the token bucket', () => {
  test.each([
    { capacity: 1, refillPerSecond: 1 },
    { capacity: 3, refillPerSecond: 2 },
    { capacity: 100, refillPerSecond: 8 },
    { capacity: 10, refillPerSecond: 1_000 },
    { capacity: 5, refillPerSecond: 0.125 },
  ])('admits a burst of $capacity and then $refillPerSecond per second, exactly', async (bucket) => {
    const { clock, admitted } = limited(bucket)
    const { capacity, refillPerSecond } = bucket
    const tokenMs = 1_000 / refillPerSecond
    expect(await admitted(capacity + 5)).toBe(capacity)
    for (let token = 0; token < 3; token++) {
      clock.advance(tokenMs - 1)
      expect(await admitted(1)).toBe(0)
      clock.advance(1)
      expect(await admitted(2)).toBe(1)
    }
    clock.advance(tokenMs * (capacity + 50))
    expect(await admitted(capacity + 5)).toBe(capacity)
  })

  test('never admits more over a long time than its rate', async () => {
    const { clock, admitted } = limited({ capacity: 4, refillPerSecond: 3 })
    let passed = 0
    for (let step = 0; step < 1_000; step++) {
      passed += await admitted(1)
      clock.advance(7)
    }
    expect(passed).toBe(4 + Math.floor((6_993 * 3) / 1_000))
  })

  test('says exactly when the next call has a chance', async () => {
    const { clock, call, admitted } = limited({ capacity: 1, refillPerSecond: 3 })
    await admitted(1)
    clock.advance(100)
    const refusal = await call()
    expect(refusal?.code).toBe(Code.ResourceExhausted)
    expect(refusal?.metadata.get('grpc-retry-pushback-ms')).toBe('234')
    expect(refusal?.metadata.get('retry-after')).toBe('1')
    clock.advance(233)
    expect(await admitted(1)).toBe(0)
    clock.advance(1)
    expect(await admitted(1)).toBe(1)
  })
})

describe('the key of a rate limit', () => {
  test('GV-6 keeps tenants apart', async () => {
    const { limit, admitted } = limited({ by: byTenant })
    expect(await admitted(10, { tenant: 'a' })).toBe(3)
    expect(await admitted(2, { tenant: 'b' })).toBe(2)
    expect(await admitted(10, { tenant: 'a' })).toBe(0)
    expect(limit.state.refused).toBe(17)
  })

  test('a call without a key is not limited', async () => {
    const { admitted } = limited({ by: () => undefined })
    expect(await admitted(10)).toBe(10)
  })

  test('by principal, calls without one share the bucket of their peer', async () => {
    const { admitted } = limited({ by: 'principal' })
    expect(await admitted(4, { principal: 'ada' })).toBe(3)
    expect(await admitted(4, { principal: 'alan' })).toBe(3)
    expect(await admitted(4)).toBe(3)
    expect(await admitted(4, { address: '192.0.2.2' })).toBe(3)
  })

  test('by method, all callers share it', async () => {
    const { admitted } = limited({ by: 'method' })
    expect(await admitted(2, { address: '192.0.2.1' })).toBe(2)
    expect(await admitted(2, { address: '192.0.2.2' })).toBe(1)
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['', ''],
  ])('the network of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  test('the memory for keys is bounded, and the keys used last are kept', async () => {
    const { admitted } = limited({ by: byTenant, maxKeys: 2 })
    await admitted(3, { tenant: 'a' })
    await admitted(3, { tenant: 'b' })
    expect(await admitted(1, { tenant: 'a' })).toBe(0)
    await admitted(1, { tenant: 'c' })
    expect(await admitted(1, { tenant: 'a' })).toBe(0)
    expect(await admitted(3, { tenant: 'b' })).toBe(3)
  })

  test.each([1, 2, 50])('of more than %d keys, the one that was unused for longest is dropped', (maxKeys) => {
    const store = new MemoryStore({ maxKeys, now: () => 0 })
    const kept: string[] = []
    for (let call = 0; call < 5_000; call++) {
      const key = `key ${(call * call * 7) % (maxKeys * 3 + (call % 40))}`
      const isKept = kept.includes(key)
      expect(store.take(key, { capacity: 1, refillPerSecond: 1 })).toBe(isKept ? 1_000 : 0)
      if (isKept) kept.splice(kept.indexOf(key), 1)
      kept.push(key)
      if (kept.length > maxKeys) kept.shift()
    }
  })

  test('long keys are kept apart, and kept short', async () => {
    const keys: string[] = []
    const take = (key: string) => {
      keys.push(key)
      return 0
    }
    const { admitted } = limited({ by: byTenant, store: { take } })
    await admitted(1, { tenant: `${'x'.repeat(10_000)}1` })
    await admitted(1, { tenant: `${'x'.repeat(10_000)}2` })
    expect(new Set(keys).size).toBe(2)
    expect(Math.max(...keys.map(({ length }) => length))).toBeLessThanOrEqual(128)
  })
})

describe('a store that fails', () => {
  /** Fails while `isAway`, and counts how often it is asked. */
  class FlakyStore implements RateLimitStore {
    isAway = true
    asked = 0

    async take(): Promise<number> {
      this.asked++
      if (this.isAway) throw new Error('connection refused')
      return 0
    }
  }

  test.each(['admit', 'refuse'] as const)('%ss calls, asks once a second, and logs once', async (whenStoreFails) => {
    const store = new FlakyStore()
    const lines: string[] = []
    const { clock, limit, call, admitted } = limited({ store, whenStoreFails })
    const note = (...args: unknown[]) => lines.push(String(args.at(-1)))
    const log = { debug: note, info: note, warn: note, error: note }
    await limit.prepare?.({ methods: [], inner: [], metricSources: [], api: {} as never, app: undefined, log })
    const expected = whenStoreFails === 'admit' ? 10 : 0
    expect(await admitted(10)).toBe(expected)
    expect(store.asked).toBe(1)
    clock.advance(1_000)
    expect(await admitted(10)).toBe(expected)
    expect(store.asked).toBe(2)
    if (whenStoreFails === 'refuse') expect(await call()).toMatchObject({ code: Code.Unavailable })
    store.isAway = false
    clock.advance(1_000)
    expect(await admitted(5)).toBe(5)
    expect(lines).toEqual(['rate limit: store failed', 'rate limit: store answers again'])
  })

  test('a store that does not answer counts as failed after its timeout', async () => {
    const store: RateLimitStore = { take: () => new Promise(() => {}) }
    const { clock, call } = limited({ store, whenStoreFails: 'refuse', storeTimeoutMs: 100 })
    const pending = call()
    clock.advance(100)
    expect(await pending).toMatchObject({ code: Code.Unavailable })
  })

  test('the client does not see why the store failed', async () => {
    const { call } = limited({ store: new FlakyStore(), whenStoreFails: 'refuse' })
    const refusal = await call()
    expect([refusal?.code, refusal?.rawMessage]).toEqual([
      Code.Unavailable,
      'rate limit cannot be checked: try again later',
    ])
  })
})

describe('the options of rateLimit', () => {
  const bucket = { capacity: 1, refillPerSecond: 1 }

  test.each<[string, object, string]>([
    ['no key', bucket, 'by is missing'],
    ['an unknown key', { by: 'user', ...bucket }, 'by is "user"'],
    ['no bucket', { by: 'peer' }, 'capacity is undefined'],
    ['a capacity of 0', { by: 'peer', capacity: 0, refillPerSecond: 1 }, 'capacity is 0'],
    ['a negative refill', { by: 'peer', capacity: 1, refillPerSecond: -1 }, 'refillPerSecond is -1'],
    ['a refill of NaN', { by: 'peer', capacity: 1, refillPerSecond: Number.NaN }, 'refillPerSecond is NaN'],
    ['two limits', { by: 'peer', ...bucket, limiter: { consume: async () => {} } }, 'limiter takes the place'],
    ['no keys', { by: 'peer', ...bucket, maxKeys: 0 }, 'maxKeys is 0'],
    ['an unknown policy', { by: 'peer', ...bucket, whenStoreFails: 'open' }, 'whenStoreFails is "open"'],
    ['an unknown name', { by: 'peer', ...bucket, burst: 1 }, 'burst is unknown'],
  ])('%s is refused', (_, options, fault) => {
    expect(() => rateLimit(options as RateLimitOptions)).toThrow(fault)
  })

  test('by principal, it may not stand before authenticate', () => {
    const { limit } = limited({ by: 'principal' })
    const server = { methods: [], metricSources: [], api: {} as never, app: undefined, log: {} as never }
    expect(() => limit.prepare?.({ ...server, inner: ['authenticate'] })).toThrow('list it after')
    expect(limit.prepare?.({ ...server, inner: ['validate'] })).toBeUndefined()
  })
})
