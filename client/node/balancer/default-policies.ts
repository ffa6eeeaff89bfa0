/** The load balancing policies that a service config can name. */
import type { LoadBalancerPolicies, LoadBalancerPolicy } from '../contracts/load-balancer.ts'
import { leastRequestPolicy } from './least-request/least-request.ts'
import { outlierDetectionPolicy } from './outlier-detection/outlier-detection.ts'
import { pickFirstPolicy } from './pick-first/pick-first.ts'
import { randomSubsettingPolicy } from './random-subsetting/random-subsetting.ts'
import { ringHashPolicy } from './ring-hash/ring-hash.ts'
import { roundRobinPolicy } from './round-robin/round-robin.ts'
import { weightedRoundRobinPolicy } from './weighted-round-robin/weighted-round-robin.ts'

/** The built-in policies. Add your own: `[...DEFAULT_POLICIES, nearestPolicy]`. */
export const DEFAULT_POLICIES: readonly LoadBalancerPolicy[] = Object.freeze([
  pickFirstPolicy,
  roundRobinPolicy,
  weightedRoundRobinPolicy,
  leastRequestPolicy,
  ringHashPolicy,
  randomSubsettingPolicy,
  outlierDetectionPolicy,
])

/**
 * Indexes policies by name.
 *
 * @throws RangeError if two have the same name
 */
export function policyMap(policies: readonly LoadBalancerPolicy[]): LoadBalancerPolicies {
  const byName = new Map(policies.map((policy) => [policy.name, policy]))
  if (byName.size === policies.length) return byName
  throw new RangeError(`two policies have the same name: ${policies.map((policy) => policy.name).join(', ')}`)
}
