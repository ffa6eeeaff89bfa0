import { describe, expect, it } from 'vitest'
import { xxh64 } from '../../../../../../client/node/balancer/hash/xxh64.ts'
import { Ring } from '../../../../../../client/node/balancer/ring-hash/ring.ts'
import { ringHashPolicy } from '../../../../../../client/node/balancer/ring-hash/ring-hash.ts'
import { parseRingHashConfig } from '../../../../../../client/node/balancer/ring-hash/ring-hash-config.ts'
import { BalancerBench, endpoint } from '../../../../../support/contracts/balancer-bench.ts'

const BY_SESSION = { requestHashHeader: 'session' }
const KEYS = Array.from({ length: 500 }, (_, index) => `key ${index}`)

/** Calls with each key until each has found its endpoint. */
async function place(bench: BalancerBench): Promise<Map<string, string>> {
  for (const session of KEYS) bench.pick({ session })
  await bench.settle()
  await bench.connectAll()
  return new Map(KEYS.map((session) => [session, bench.pickText({ session })]))
}

/** Where a key belongs among a, b and c. */
function placeOf(key: string): string | undefined {
  const texts = ['a:1', 'b:1', 'c:1']
  const ring = new Ring(
    texts.map((text) => endpoint(text)),
    parseRingHashConfig(BY_SESSION),
  )
  return texts[ring.from(xxh64(key)).next().value ?? -1]
}

describe('LB-7 ring_hash', () => {
  it('maps equal keys to one endpoint, and distributes keys over all', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1', 'c:1', 'd:1'], BY_SESSION)
    const places = await place(bench)
    expect(await place(bench)).toEqual(places)
    const counts = Map.groupBy(places.values(), (text) => text)
    expect(counts.size).toBe(4)
    for (const texts of counts.values()) expect(texts.length).toBeGreaterThan(70)
    bench.balancer.destroy()
  })

  it.each([
    // With as many places for each of the others as before, none of their keys moves.
    ['only', { minRingSize: 768, maxRingSize: 768 }, 0],
    // In a ring of the same size the others get more places, and so some of each other's keys.
    ['mostly', {}, 500 / 6],
  ])('moves %s the keys of an endpoint that leaves', async (_what, sizes, most) => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1', 'c:1', 'd:1'], BY_SESSION)
    const before = await place(bench)
    bench.update(['a:1', 'b:1', 'c:1'], { ...BY_SESSION, ...sizes })
    const after = await place(bench)
    const moved = KEYS.filter((key) => before.get(key) !== after.get(key) && before.get(key) !== 'd:1')
    expect(moved.length).toBeLessThanOrEqual(most)
    bench.balancer.destroy()
  })

  it('connects only when a call needs it', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1'], BY_SESSION)
    await bench.settle()
    expect([bench.state, bench.attempted]).toEqual(['IDLE', []])
    expect(bench.pickText({ session: 'x' })).toBe('queue')
    await bench.settle()
    expect([bench.state, bench.attempted.length]).toEqual(['CONNECTING', 1])
    bench.balancer.destroy()
  })

  it('when woken, connects only to the endpoint that the waiting call chose', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1', 'c:1'], BY_SESSION)
    const session = KEYS.find((key) => placeOf(key) !== 'a:1') ?? ''
    bench.pick({ session })
    bench.balancer.exitIdle()
    await bench.settle()
    expect(bench.attempted).toEqual([placeOf(session)])
    bench.balancer.destroy()
    const uncalled = new BalancerBench(ringHashPolicy)
    uncalled.update(['a:1', 'b:1', 'c:1'], BY_SESSION)
    uncalled.balancer.exitIdle()
    await uncalled.settle()
    expect(uncalled.attempted).toEqual(['a:1'])
    uncalled.balancer.destroy()
  })

  it('moves to the next endpoint on failure, and tries another even without calls', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1', 'c:1'], BY_SESSION)
    bench.pick({ session: 'x' })
    await bench.settle()
    const [first = ''] = bench.attempted
    await bench.fail(first)
    expect([bench.state, bench.attempted.length]).toEqual(['CONNECTING', 2])
    await bench.fail(bench.attempted[1] ?? '')
    expect(bench.state).toBe('TRANSIENT_FAILURE')
    await bench.connectAll()
    expect(bench.state).toBe('READY')
    expect(bench.pickText({ session: 'x' })).toMatch(/^[abc]:1$/)
    bench.balancer.destroy()
  })

  it('sends calls without a key to any READY endpoint', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1', 'c:1', 'd:1'])
    expect(bench.pickText()).toBe('queue')
    await bench.settle()
    expect(bench.attempted).toHaveLength(1)
    await bench.connectAll()
    for (let times = 0; times < 50; times++) {
      bench.pickText()
      await bench.settle()
    }
    expect(bench.open.length).toBe(2)
    bench.balancer.destroy()
  })

  it('places endpoints by weight, and identically for the same hash key', () => {
    const config = parseRingHashConfig({})
    const even = new Ring([endpoint('a:1'), endpoint('b:1')], config)
    expect(even.size).toBe(1_024)
    const heavy = new Ring([endpoint('a:1', { weight: 3 }), endpoint('b:1')], config)
    const firsts = Array.from({ length: 1_000 }, (_, n) => heavy.from({ high: n * 4_294_967, low: 0 }).next().value)
    expect(Math.abs(firsts.filter((index) => index === 0).length - 750)).toBeLessThan(60)
    const orders = ['a:1', 'z:9'].map((text) => {
      const ring = new Ring([endpoint(text, { hashKey: 'one' }), endpoint('b:1')], config)
      return KEYS.map((_, n) => ring.from({ high: n * 8_000_000, low: 0 }).next().value)
    })
    expect(orders[0]).toEqual(orders[1])
  })

  it.each([
    ['0', 0],
    ['less than 0', -3],
    ['no number', Number.NaN],
    ['no end', Number.POSITIVE_INFINITY],
  ])('treats a weight of %s as 1', (_what, weight) => {
    const config = parseRingHashConfig({})
    const ring = new Ring([endpoint('a:1', { weight }), endpoint('b:1')], config)
    const even = new Ring([endpoint('a:1'), endpoint('b:1')], config)
    expect(KEYS.map((key) => [...ring.from(xxh64(key))])).toEqual(KEYS.map((key) => [...even.from(xxh64(key))]))
  })

  it.each([
    [Number.MIN_VALUE, 1e6],
    [Number.MAX_VALUE, Number.MAX_VALUE],
    [Number.MIN_VALUE, Number.MAX_VALUE],
  ])('keeps a bounded number of places for weights of %d and %d', (a, b) => {
    const ring = new Ring([endpoint('a:1', { weight: a }), endpoint('b:1', { weight: b })], parseRingHashConfig({}))
    expect(ring.size).toBeGreaterThanOrEqual(1_024)
    expect(ring.size).toBeLessThanOrEqual(4_097)
  })

  it('does not connect for a call that was picked when its policy ended', async () => {
    const bench = new BalancerBench(ringHashPolicy)
    bench.update(['a:1', 'b:1'], BY_SESSION)
    bench.pick({ session: 'x' })
    bench.balancer.destroy()
    await bench.settle()
    expect(bench.attempted).toEqual([])
  })

  it.each([
    [{ maxRingSize: 8_388_609 }, 'maxRingSize'],
    [{ minRingSize: 0 }, 'minRingSize'],
    [{ requestHashHeader: 'session-bin' }, 'requestHashHeader'],
    [{ requestHashHeader: 'a b' }, 'requestHashHeader'],
  ])('refuses %j', (json, name) => {
    expect(() => parseRingHashConfig(json)).toThrow(name)
  })

  it('caps ring sizes at 4,096', () => {
    expect(parseRingHashConfig({ minRingSize: 5_000, maxRingSize: 8_388_608 })).toMatchObject({
      minRingSize: 4_096,
      maxRingSize: 4_096,
    })
  })
})
