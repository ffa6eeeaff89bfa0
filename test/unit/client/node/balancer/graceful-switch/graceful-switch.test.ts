import { describe, expect, it } from 'vitest'
import { GracefulSwitch } from '../../../../../../client/node/balancer/graceful-switch/graceful-switch.ts'
import { pickFirstPolicy } from '../../../../../../client/node/balancer/pick-first/pick-first.ts'
import { roundRobinPolicy } from '../../../../../../client/node/balancer/round-robin/round-robin.ts'
import type { ConfiguredPolicy, LoadBalancerPolicy } from '../../../../../../client/node/contracts/load-balancer.ts'
import { FieldReader } from '../../../../../../client/node/service-config/field-reader.ts'
import { parseLoadBalancing } from '../../../../../../client/node/service-config/parse-load-balancing.ts'
import { BalancerBench } from '../../../../../support/contracts/balancer-bench.ts'

/** A policy that does what its config names. */
const switching: LoadBalancerPolicy<ConfiguredPolicy> = {
  name: 'switching',
  parseConfig(json, policies) {
    const choice = parseLoadBalancing(new FieldReader(json), 'child', policies)
    return choice ?? { policy: pickFirstPolicy, config: pickFirstPolicy.parseConfig({}, policies) }
  },
  create: (helper) => new GracefulSwitch(helper),
}

const ROUND_ROBIN = { child: [{ round_robin: {} }] }
const PICK_FIRST = { child: [{ pick_first: {} }] }

async function startReady(): Promise<BalancerBench> {
  const bench = new BalancerBench(switching)
  await bench.ready(['a:1', 'b:1'], PICK_FIRST)
  return bench
}

describe('SC-4 a change of policy', () => {
  it('keeps calls on the old policy until the new one is READY', async () => {
    const bench = await startReady()
    bench.update(['a:1', 'b:1'], ROUND_ROBIN)
    await bench.settle()
    expect([bench.state, bench.pickText(), bench.open]).toEqual(['READY', 'a:1', ['a:1', 'a:1', 'b:1']])
    await bench.succeed('b:1')
    expect([bench.state, bench.pickText(), bench.open]).toEqual(['READY', 'b:1', ['a:1', 'b:1']])
    await bench.succeed('a:1')
    expect(bench.count(4)).toEqual({ 'a:1': 2, 'b:1': 2 })
    bench.balancer.destroy()
  })

  it('takes effect at once when the old policy is no longer READY', async () => {
    const bench = await startReady()
    const first = bench.attempt('a:1')
    bench.update(['a:1', 'b:1'], ROUND_ROBIN)
    first.leave()
    await bench.settle()
    expect([bench.state, bench.pickText()]).toEqual(['CONNECTING', 'queue'])
    bench.balancer.destroy()
  })

  it('takes effect when the new policy has failed, so that its error is reported', async () => {
    const bench = await startReady()
    bench.update(['c:1'], ROUND_ROBIN)
    await bench.fail('c:1')
    expect([bench.state, bench.pickText(), bench.open]).toEqual(['TRANSIENT_FAILURE', 'c:1 refused', ['c:1']])
    bench.balancer.destroy()
  })

  it('can be reverted, or changed again, before it takes effect', async () => {
    const bench = await startReady()
    bench.update(['a:1', 'b:1'], ROUND_ROBIN)
    bench.update(['a:1', 'b:1'], PICK_FIRST)
    expect([bench.pickText(), bench.open]).toEqual(['a:1', ['a:1', 'a:1']])
    await bench.connectAll()
    expect([bench.pickText(), bench.open]).toEqual(['a:1', ['a:1']])
    bench.balancer.destroy()
    expect(bench.open).toEqual([])
  })

  it('does not happen when the same policy gets another config', async () => {
    const bench = await startReady()
    bench.update(['a:1'], { child: [{ pick_first: { shuffleAddressList: true } }] })
    expect([bench.state, bench.attempted]).toEqual(['READY', ['a:1']])
    bench.balancer.destroy()
  })

  it('starts with the first policy, whatever its state', () => {
    const bench = new BalancerBench(switching)
    bench.update(['a:1'], ROUND_ROBIN)
    expect([bench.state, roundRobinPolicy.name]).toEqual(['CONNECTING', 'round_robin'])
    bench.balancer.destroy()
  })
})
