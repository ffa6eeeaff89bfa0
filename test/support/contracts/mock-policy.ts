/** A load balancing policy that only reads its config, for tests of policy selection. */
import type { LoadBalancerPolicies, LoadBalancerPolicy } from '../../../client/node/contracts/load-balancer.ts'
import { FieldReader, UINT32 } from '../../../client/node/service-config/field-reader.ts'

/** Its config is `{ size }`, a uint32. */
export function mockPolicy(name: string): LoadBalancerPolicy {
  return {
    name,
    parseConfig(json) {
      const fields = new FieldReader(json)
      const size = fields.integer('size', UINT32) ?? 0
      fields.finish()
      return { size }
    },
    create() {
      throw new Error('this policy is only chosen, never made')
    },
  }
}

/** `pick_first`, which is always registered, and `mock`. */
export const MOCK_POLICIES: LoadBalancerPolicies = new Map(
  ['pick_first', 'mock'].map((name) => [name, mockPolicy(name)]),
)
