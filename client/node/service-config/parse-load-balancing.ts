/** Parses a `loadBalancingConfig` of a service config, or the `childPolicy` of a policy. */
import type { ConfiguredPolicy, LoadBalancerPolicies, LoadBalancerPolicy } from '../contracts/load-balancer.ts'
import type { FieldReader } from './field-reader.ts'

/**
 * Returns the first entry with a known policy, and ignores those after it. Adds faults to the reader.
 *
 * @param name the field with the list
 * @returns undefined if the list is absent, empty or invalid
 */
export function parseLoadBalancing(
  fields: FieldReader,
  name: string,
  policies: LoadBalancerPolicies,
): ConfiguredPolicy | undefined {
  const entries = fields.objects(name)
  for (const entry of entries) {
    const [policyName, ...others] = entry.names
    if (policyName === undefined || others.length > 0) return entry.fault('', entry.names, 'an object with one field')
    const policy = policies.get(policyName)
    if (policy !== undefined) return parsePolicy(entry, policyName, { policy, policies })
  }
  if (entries.length > 0) fields.fault(name, fields.value(name), `one of ${[...policies.keys()].join(', ')}`)
  return undefined
}

/**
 * Parses the required `childPolicy` of a policy, as the last of its fields.
 *
 * @throws ServiceConfigError with all faults of the reader
 */
export function requireChildPolicy(fields: FieldReader, policies: LoadBalancerPolicies): ConfiguredPolicy {
  const child = parseLoadBalancing(fields, 'childPolicy', policies)
  fields.require('childPolicy')
  if (fields.list('childPolicy')?.length === 0) fields.fault('childPolicy', [], 'a list of at least one policy')
  fields.finish()
  if (child === undefined) throw new Error('unreachable: a child that is missing is a fault')
  return child
}

function parsePolicy(
  entry: FieldReader,
  name: string,
  { policy, policies }: { policy: LoadBalancerPolicy; policies: LoadBalancerPolicies },
): ConfiguredPolicy | undefined {
  try {
    return Object.freeze({ policy, config: policy.parseConfig(entry.value(name) ?? {}, policies) })
  } catch (error) {
    return entry.adopt(name, error)
  }
}
