import { describe, expect, it } from 'vitest'
import { randomSubsettingPolicy } from '../../../../../../client/node/balancer/random-subsetting/random-subsetting.ts'
import { BalancerBench } from '../../../../../support/contracts/balancer-bench.ts'

const servers = (count: number) => Array.from({ length: count }, (_, index) => `s${index}:1`)
const config = { subsetSize: 5, childPolicy: [{ round_robin: {} }] }

async function subset(bench: BalancerBench, endpoints: readonly string[]): Promise<Set<string>> {
  await bench.ready(endpoints, config)
  return new Set(bench.open)
}

describe('LB-9 random_subsetting', () => {
  it('changes by at most one when a server is added', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = new BalancerBench(randomSubsettingPolicy, seed * 7_919_777)
      const before = await subset(bench, servers(20))
      const after = await subset(bench, servers(21))
      expect([before.size, after.size]).toEqual([5, 5])
      expect([...after].filter((server) => !before.has(server)).length).toBeLessThanOrEqual(1)
      bench.balancer.destroy()
    }
  })

  it('differs between clients', async () => {
    const subsets = new Set<string>()
    for (let seed = 0; seed < 10; seed++) {
      const bench = new BalancerBench(randomSubsettingPolicy, seed * 7_919_777)
      subsets.add([...(await subset(bench, servers(20)))].sort().join())
      bench.balancer.destroy()
    }
    expect(subsets.size).toBeGreaterThan(8)
  })

  it('counts an endpoint once, however often it is listed and in any address order', async () => {
    const bench = new BalancerBench(randomSubsettingPolicy)
    const listed = servers(5).flatMap((server) => [`${server}|x:1`, `x:1|${server}`, `${server}|x:1`])
    await bench.ready(listed, config)
    expect(bench.open).toHaveLength(5)
    bench.balancer.destroy()
  })

  it('uses all endpoints when there are fewer', async () => {
    const bench = new BalancerBench(randomSubsettingPolicy)
    expect((await subset(bench, servers(3))).size).toBe(3)
    bench.balancer.destroy()
  })

  it.each([
    [{ subsetSize: 0, childPolicy: [{ round_robin: {} }] }, 'subsetSize is 0'],
    [{ childPolicy: [{ round_robin: {} }] }, 'subsetSize is missing'],
    [{ subsetSize: 2, childPolicy: [] }, 'childPolicy is []'],
    [{ subsetSize: 2, childPolicy: [{ xds: {} }] }, 'childPolicy is [{"xds":{}}]'],
  ])('refuses %j', (json, message) => {
    expect(() => new BalancerBench(randomSubsettingPolicy).update(['a:1'], json)).toThrow(message)
  })
})
