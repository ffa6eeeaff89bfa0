/** What every load balancing policy must keep to. */
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { DEFAULT_POLICIES, policyMap } from '../../../client/node/balancer/default-policies.ts'
import type { LoadBalancerPolicy } from '../../../client/node/contracts/load-balancer.ts'
import { BalancerBench } from './balancer-bench.ts'

/** One policy, with a config that is valid and one that is not. */
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

  it('is known by its name', () => {
    expect(policies.get(policy.name)).toBe(policy)
  })

  it('reads its config, with fields that it does not know', () => {
    expect(() => policy.parseConfig({ ...(config as object), later: 1 }, policies)).not.toThrow()
  })

  it('refuses a config that is not valid', () => {
    expect(() => policy.parseConfig(badConfig, policies)).toThrow(/must be|missing/)
  })

  it('serves calls once it is connected', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1', 'a:1'])
    expect([bench.state, bench.pickText()]).toEqual(['READY', 'a:1'])
    bench.balancer.destroy()
  })

  it('goes on with what it has when the resolver fails, and serves an endpoint that stays', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1'])
    bench.balancer.resolverError(new ConnectError('no DNS', Code.Unavailable))
    bench.update(['a:1'], config)
    await bench.settle()
    expect([bench.state, bench.pickText(), bench.attempted]).toEqual(['READY', 'a:1', ['a:1']])
    bench.balancer.destroy()
  })

  it('fails calls with the error of the resolver while it knows nothing', () => {
    const bench = new BalancerBench(policy)
    bench.update([], config)
    bench.balancer.resolverError(new ConnectError('no DNS', Code.Unavailable))
    expect([bench.state, bench.pickText()]).toEqual(['TRANSIENT_FAILURE', 'no DNS'])
    bench.balancer.destroy()
  })

  it('rejects an empty list, and lets go of what it had', async () => {
    const bench = new BalancerBench(policy)
    await connected(bench, ['a:1'])
    expect(bench.update([], config)?.rawMessage).toContain('zero addresses')
    expect([bench.state, bench.open]).toEqual(['TRANSIENT_FAILURE', []])
    expect(bench.pickText()).toContain('zero addresses')
    expect(bench.reresolutions).toBeGreaterThan(0)
    bench.balancer.destroy()
  })

  it('fails calls when the only endpoint does, until it is there', async () => {
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

  it('tries at once after a reset of its backoffs', async () => {
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
