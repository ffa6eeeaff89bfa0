import { describe, expect, it } from 'vitest'
import { pickFirstPolicy } from '../../../../../../client/node/balancer/pick-first/pick-first.ts'
import { BalancerBench, endpoint } from '../../../../../support/contracts/balancer-bench.ts'

function start(...endpoints: string[]): BalancerBench {
  const bench = new BalancerBench(pickFirstPolicy)
  bench.update(endpoints)
  return bench
}

describe('LB-1 pick_first tries addresses in their order', () => {
  it('and moves on as soon as one refuses', async () => {
    const bench = start('a:1', 'b:1', 'c:1')
    expect(bench.attempted).toEqual(['a:1'])
    await bench.fail('a:1')
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    await bench.succeed('b:1')
    expect([bench.states, bench.pickText()]).toEqual([['CONNECTING', 'READY'], 'b:1'])
    bench.balancer.destroy()
  })

  it('or after 250 ms without an answer, keeping that attempt; the first to connect wins', async () => {
    const bench = start('a:1', 'b:1', 'c:1')
    await bench.advance(249)
    expect(bench.attempted).toEqual(['a:1'])
    await bench.advance(1)
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    await bench.advance(250)
    expect(bench.open).toEqual(['a:1', 'b:1', 'c:1'])
    await bench.succeed('a:1')
    expect([bench.open, bench.pickText(), bench.clock.pending]).toEqual([['a:1'], 'a:1', 0])
    bench.balancer.destroy()
  })

  it('gives the next address its own 250 ms after a failure', async () => {
    const bench = start('a:1', 'b:1', 'c:1')
    await bench.advance(200)
    await bench.fail('a:1')
    await bench.advance(249)
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    await bench.advance(1)
    expect(bench.attempted).toEqual(['a:1', 'b:1', 'c:1'])
    bench.balancer.destroy()
  })

  it('alternates address families, and tries each address once', async () => {
    const bench = start('[::1]:1|[::2]:1', '[::3]:1', '10.0.0.1:1|[::1]:1', '10.0.0.2:1')
    for (let times = 0; times < 5; times++) await bench.advance(250)
    expect(bench.attempted).toEqual(['[::1]:1', '10.0.0.1:1', '[::2]:1', '10.0.0.2:1', '[::3]:1'])
    bench.balancer.destroy()
  })

  it('goes IDLE when the connection is lost, re-resolves, and connects with the next call', async () => {
    const bench = start('a:1', 'b:1')
    await bench.succeed('a:1')
    await bench.lose('a:1')
    expect([bench.state, bench.reresolutions, bench.attempted]).toEqual(['IDLE', 1, ['a:1']])
    expect(bench.pickText()).toBe('queue')
    await bench.settle()
    expect([bench.state, bench.attempted]).toEqual(['CONNECTING', ['a:1', 'a:1']])
    bench.balancer.destroy()
  })

  it('keeps the connection if its address is in the new list, and drops it otherwise', async () => {
    const bench = start('a:1', 'b:1')
    await bench.succeed('a:1')
    bench.update(['c:1', 'a:1'])
    await bench.settle()
    expect([bench.states, bench.pickText()]).toEqual([['CONNECTING', 'READY'], 'a:1'])
    bench.update(['c:1'])
    expect([bench.state, bench.open]).toEqual(['CONNECTING', ['c:1']])
    bench.balancer.destroy()
  })

  it('stays IDLE when a new list arrives in that state', async () => {
    const bench = start('a:1')
    await bench.succeed('a:1')
    await bench.lose('a:1')
    bench.update(['b:1'])
    expect([bench.state, bench.attempted]).toEqual(['IDLE', ['a:1']])
    bench.balancer.exitIdle()
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    bench.balancer.destroy()
  })
})

describe('LB-2 pick_first stays in TRANSIENT_FAILURE', () => {
  it('while it retries each address with its own backoff, until one is READY', async () => {
    const bench = start('a:1', 'b:1')
    await bench.fail('a:1', 'b:1')
    expect([bench.states, bench.pickText()]).toEqual([['CONNECTING', 'TRANSIENT_FAILURE'], 'b:1 refused'])
    expect(bench.reresolutions).toBe(1)
    await bench.advance(1_000)
    expect(bench.attempted).toEqual(['a:1', 'b:1', 'a:1', 'b:1'])
    await bench.fail('a:1')
    expect(bench.reresolutions).toBe(1)
    await bench.fail('b:1')
    expect(bench.reresolutions).toBe(2)
    expect(new Set(bench.states)).toEqual(new Set(['CONNECTING', 'TRANSIENT_FAILURE']))
    expect(bench.states.lastIndexOf('CONNECTING')).toBe(0)
    await bench.advance(1_600)
    await bench.succeed('b:1')
    expect([bench.state, bench.pickText()]).toEqual(['READY', 'b:1'])
    bench.balancer.destroy()
  })

  it('even when a new list arrives', async () => {
    const bench = start('a:1')
    await bench.fail('a:1')
    bench.update(['b:1'])
    expect([bench.state, bench.attempted]).toEqual(['TRANSIENT_FAILURE', ['a:1', 'b:1']])
    await bench.succeed('b:1')
    expect(bench.state).toBe('READY')
    bench.balancer.destroy()
  })

  it('skips an address in backoff', async () => {
    const bench = start('a:1')
    await bench.fail('a:1')
    bench.update(['a:1', 'b:1'])
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    bench.balancer.destroy()
  })

  it('does not retry the first address before the pass is complete', async () => {
    const bench = start('a:1', 'b:1')
    await bench.fail('a:1')
    await bench.advance(5_000)
    expect(bench.attempted).toEqual(['a:1', 'b:1'])
    await bench.fail('b:1')
    expect(bench.attempted).toEqual(['a:1', 'b:1', 'a:1'])
    bench.balancer.destroy()
  })
})

describe('LB-3 pick_first shuffles', () => {
  function firsts(endpoints: Parameters<BalancerBench['update']>[0]): Record<string, number> {
    const counts: Record<string, number> = {}
    for (let seed = 0; seed < 3_000; seed++) {
      const bench = new BalancerBench(pickFirstPolicy, seed * 7_919)
      bench.update(endpoints, { shuffleAddressList: true })
      const [first = ''] = bench.attempted
      counts[first] = (counts[first] ?? 0) + 1
      bench.balancer.destroy()
    }
    return counts
  }

  it('uniformly', () => {
    const counts = Object.values(firsts(['a:1', 'b:1', 'c:1']))
    expect(counts).toHaveLength(3)
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(100)
  })

  it('by weight', () => {
    const counts = firsts([endpoint('a:1', { weight: 3 }), endpoint('b:1')])
    expect(Math.abs((counts['a:1'] ?? 0) - 2_250)).toBeLessThan(120)
  })

  it('only when configured', () => {
    const bench = start('a:1', 'b:1', 'c:1')
    expect(bench.attempted).toEqual(['a:1'])
    bench.balancer.destroy()
  })
})

it('reports nothing after destroy, even if a call was about to wake it', async () => {
  const bench = new BalancerBench(pickFirstPolicy)
  await bench.ready(['a:1', 'b:1'])
  await bench.lose('a:1')
  expect([bench.state, bench.pickText()]).toEqual(['IDLE', 'queue'])
  bench.balancer.destroy()
  const before = [bench.states.length, bench.reresolutions]
  await bench.settle()
  expect([bench.states.length, bench.reresolutions]).toEqual(before)
  expect(bench.attempted).toEqual(['a:1'])
})
