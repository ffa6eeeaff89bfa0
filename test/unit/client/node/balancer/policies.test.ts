import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICIES, policyMap } from '../../../../../client/node/balancer/default-policies.ts'
import { leastRequestPolicy } from '../../../../../client/node/balancer/least-request/least-request.ts'
import { outlierDetectionPolicy } from '../../../../../client/node/balancer/outlier-detection/outlier-detection.ts'
import { pickFirstPolicy } from '../../../../../client/node/balancer/pick-first/pick-first.ts'
import { randomSubsettingPolicy } from '../../../../../client/node/balancer/random-subsetting/random-subsetting.ts'
import { ringHashPolicy } from '../../../../../client/node/balancer/ring-hash/ring-hash.ts'
import { roundRobinPolicy } from '../../../../../client/node/balancer/round-robin/round-robin.ts'
import { weightedRoundRobinPolicy } from '../../../../../client/node/balancer/weighted-round-robin/weighted-round-robin.ts'
import type { LoadBalancerPolicy } from '../../../../../client/node/contracts/load-balancer.ts'
import { parseServiceConfig } from '../../../../../client/node/service-config/parse-service-config.ts'
import { BalancerBench, endpoint } from '../../../../support/contracts/balancer-bench.ts'
import { type BalancerCase, testBalancer } from '../../../../support/contracts/balancer-contract.ts'

const CASES: readonly BalancerCase[] = [
  { policy: pickFirstPolicy, config: {}, badConfig: { shuffleAddressList: 'yes' } },
  { policy: roundRobinPolicy, config: {}, badConfig: [] },
  { policy: weightedRoundRobinPolicy, config: {}, badConfig: { errorUtilizationPenalty: -1 } },
  { policy: leastRequestPolicy, config: { choiceCount: 3 }, badConfig: { choiceCount: 1 } },
  { policy: ringHashPolicy, config: { minRingSize: 10 }, badConfig: { minRingSize: 10, maxRingSize: 9 } },
  {
    policy: randomSubsettingPolicy,
    config: { subsetSize: 1, childPolicy: [{ round_robin: {} }] },
    badConfig: { subsetSize: 1 },
  },
  {
    policy: outlierDetectionPolicy,
    config: { failurePercentageEjection: {}, childPolicy: [{ round_robin: {} }] },
    badConfig: { childPolicy: [{ round_robin: {} }], maxEjectionPercent: 101 },
  },
]

describe.each(CASES)('policy $policy.name', testBalancer)

it('has a case for every policy', () => {
  expect(CASES.map(({ policy }) => policy)).toEqual(DEFAULT_POLICIES)
})

/** The endpoint whose `distance` is the least; by pick_first. */
const nearestPolicy: LoadBalancerPolicy<null> = {
  name: 'nearest',
  parseConfig: () => null,
  create(helper) {
    const first = pickFirstPolicy.create(helper)
    return {
      update({ endpoints, attributes }) {
        const byDistance = endpoints.toSorted((a, b) => Number(a.attributes.distance) - Number(b.attributes.distance))
        const config = pickFirstPolicy.parseConfig({}, new Map())
        return first.update({ endpoints: byDistance, attributes, config })
      },
      resolverError: (error) => first.resolverError(error),
      exitIdle: () => first.exitIdle(),
      resetBackoff: () => first.resetBackoff(),
      destroy: () => first.destroy(),
    }
  },
}

describe('LB-10 a custom policy', () => {
  const policies = policyMap([...DEFAULT_POLICIES, nearestPolicy])

  it('can be selected by service configs, and sees resolver attributes', async () => {
    const { loadBalancing } = parseServiceConfig({ loadBalancingConfig: [{ nearest: {} }] }, policies)
    expect(loadBalancing.policy).toBe(nearestPolicy)
    const bench = new BalancerBench(loadBalancing.policy)
    await bench.ready([endpoint('a:1', { distance: 2 }), endpoint('b:1', { distance: 1 })])
    expect(bench.pickText()).toBe('b:1')
    bench.balancer.destroy()
  })

  it('needs a name of its own', () => {
    expect(() => policyMap([nearestPolicy, nearestPolicy])).toThrow(RangeError)
  })
})
