/** The contract of every load balancing policy. */
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { DEFAULT_POLICIES, policyMap } from '../../../client/node/balancer/default-policies.ts'
import type { LoadBalancerPolicy } from '../../../client/node/contracts/load-balancer.ts'
import { BalancerBench } from './balancer-bench.ts'

/** One policy, with a valid and an invalid config. */
export interface BalancerCase {
  readonly policy: LoadBalancerPolicy
  readonly config: unknown
  readonly badConfig: unknown
}

/** Registers the tests of one policy. */
export function testBalancer({ policy, config, badConfig }: BalancerCase): void {
  const policies = policyMap(DEFAULT_POLICIES)

  /** Some policies connect only when a call needs it. */
  async function connected(bench: BalancerBench, endpoints: readonly string[]): Promise<void> {
    await bench.ready(endpoints, config)
    bench.pick()
    await bench.settle()
    await bench.connectAll()
  }

  it('has its registered name', () => {
    expect(policies.get(policy.name)).toBe(policy)
  })

  it('parses its config, ignoring unknown fields', () => {
    expect(() => policy.parseConfig({ ...(config as object), later: 1 }, policies)).not.toThrow()
  })

  it('rejects an invalid config', () => {
    expect(() => policy.parseConfig(badConfig, policies)).toThrow(/must be|missing/)
  })

  it('serves calls once connected', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1', 'a:1'])
    expect([bench.state, bench.pickText()]).toEqual(['READY', 'a:1'])
    bench.balancer.destroy()
  })

  it('keeps its endpoints when the resolver fails', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1'])
    bench.balancer.resolverError(new ConnectError('no DNS', Code.Unavailable))
    bench.update(['a:1'], config)
    await bench.settle()
    expect([bench.state, bench.pickText(), bench.attempted]).toEqual(['READY', 'a:1', ['a:1']])
    bench.balancer.destroy()
  })

  it('fails calls with the resolver error while it has no endpoints', () => {
    const bench = new BalancerBench(policy)
    bench.update([], config)
    bench.balancer.resolverError(new ConnectError('no DNS', Code.Unavailable))
    expect([bench.state, bench.pickText()]).toEqual(['TRANSIENT_FAILURE', 'no DNS'])
    bench.balancer.destroy()
  })

  it('rejects an empty list, and shuts down its subchannels', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1'])
    expect(bench.update([], config)?.rawMessage).toContain('zero addresses')
    expect([bench.state, bench.open]).toEqual(['TRANSIENT_FAILURE', []])
    expect(bench.pickText()).toContain('zero addresses')
    expect(bench.reresolutions).toBeGreaterThan(0)
    bench.balancer.destroy()
  })

  it('fails calls while the only endpoint fails, and recovers with it', async () => {
    const bench = new BalancerBench(policy)
    bench.update(['a:1'], config)
    bench.pick()
    await bench.settle()
    await bench.fail('a:1')
    expect([bench.state, bench.pickText()]).toEqual(['TRANSIENT_FAILURE', 'a:1 refused'])
    await bench.advance(2_000)
    await bench.connectAll()
    expect([bench.state, bench.pickText()]).toEqual(['READY', 'a:1'])
    bench.balancer.destroy()
  })

  it('reconnects at once after resetBackoff', async () => {
    const bench = new BalancerBench(policy)
    bench.update(['a:1'], config)
    bench.pick()
    await bench.settle()
    await bench.fail('a:1')
    bench.balancer.resetBackoff()
    await bench.settle()
    expect(bench.attempted).toEqual(['a:1', 'a:1'])
    bench.balancer.destroy()
  })

  it('leaves nothing behind', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1', 'b:1'])
    bench.balancer.destroy()
    await bench.settle()
    expect([bench.open, bench.clock.pending]).toEqual([[], 0])
  })
}
