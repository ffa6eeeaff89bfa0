import { describe, expect, it } from 'vitest'
import { roundRobinPolicy } from '../../../../../../client/node/balancer/round-robin/round-robin.ts'
import { BalancerBench } from '../../../../../support/contracts/balancer-bench.ts'

describe('LB-4 round_robin', () => {
  it('distributes 300 calls 1:1:1', async () => {
    const bench = new BalancerBench(roundRobinPolicy)
    await bench.ready(['a:1', 'b:1', 'c:1'])
    expect(bench.count(300)).toEqual({ 'a:1': 100, 'b:1': 100, 'c:1': 100 })
    bench.balancer.destroy()
  })

  it('continues with the others when one disconnects, reconnects to it, and re-resolves', async () => {
    const bench = new BalancerBench(roundRobinPolicy)
    await bench.ready(['a:1', 'b:1', 'c:1'])
    await bench.lose('b:1')
    expect(bench.count(300)).toEqual({ 'a:1': 150, 'c:1': 150 })
    expect([bench.state, bench.reresolutions]).toEqual(['READY', 1])
    expect(bench.attempted).toEqual(['a:1', 'b:1', 'c:1', 'b:1'])
    await bench.succeed('b:1')
    expect(bench.count(300)).toEqual({ 'a:1': 100, 'b:1': 100, 'c:1': 100 })
    bench.balancer.destroy()
  })

  it('follows the list without a failed call', async () => {
    const bench = new BalancerBench(roundRobinPolicy)
    await bench.ready(['a:1', 'b:1'])
    bench.update(['b:1', 'c:1'])
    expect(bench.count(2)).toEqual({ 'b:1': 2 })
    await bench.succeed('c:1')
    expect(bench.count(2)).toEqual({ 'b:1': 1, 'c:1': 1 })
    expect([bench.states.includes('TRANSIENT_FAILURE'), bench.open]).toEqual([false, ['b:1', 'c:1']])
    bench.balancer.destroy()
  })

  it('treats the addresses of an endpoint as alternatives, in any order', async () => {
    const bench = new BalancerBench(roundRobinPolicy)
    await bench.ready(['a:1|a:2', 'a:2|a:1', 'b:1'])
    expect(bench.count(4)).toEqual({ 'a:1': 2, 'b:1': 2 })
    bench.update(['a:2|a:1', 'b:1'])
    await bench.settle()
    expect([bench.count(4), bench.attempted]).toEqual([{ 'a:1': 2, 'b:1': 2 }, ['a:1', 'b:1']])
    bench.balancer.destroy()
  })

  it('fails only when all have failed, until one is READY', async () => {
    const bench = new BalancerBench(roundRobinPolicy)
    bench.update(['a:1', 'b:1'])
    await bench.fail('a:1')
    expect([bench.state, bench.pickText()]).toEqual(['CONNECTING', 'queue'])
    await bench.fail('b:1')
    await bench.advance(1_000)
    expect([bench.state, bench.pickText()]).toEqual(['TRANSIENT_FAILURE', 'b:1 refused'])
    await bench.succeed('a:1')
    expect([bench.state, bench.pickText()]).toEqual(['READY', 'a:1'])
    bench.balancer.destroy()
  })

  it('starts at a random position', async () => {
    const firsts = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const bench = new BalancerBench(roundRobinPolicy, seed * 7_919_777)
      await bench.ready(['a:1', 'b:1', 'c:1'])
      firsts.add(bench.pickText())
      bench.balancer.destroy()
    }
    expect(firsts.size).toBe(3)
  })
})
