/** Parses a service config (gRPC Service Config, gRFC A21). */
import type { ConfiguredPolicy, LoadBalancerPolicies } from '../contracts/load-balancer.ts'
import { FieldReader, UINT32 } from './field-reader.ts'
import { parseLoadBalancing } from './parse-load-balancing.ts'
import { parseMethodConfigs } from './parse-method-configs.ts'
import { parseRetryThrottling } from './parse-retry-policy.ts'
import type { ServiceConfig } from './service-config.ts'
import { ServiceConfigError } from './service-config-error.ts'

const DEFAULT_POLICY = 'pick_first'

/** Higher numbers of connections are silently reduced to this (gRFC A105). */
const MAX_CONNECTIONS_PER_SUBCHANNEL = 10

/** Maximum nesting, as in protobuf JSON. Faults contain paths, which grow with each level. */
const MAX_LEVELS = 100

/**
 * Parses the result of JSON.parse. Ignores unknown fields; an invalid value of a known one makes the whole config invalid.
 *
 * @param policies the known policies, which must include `pick_first`
 * @throws ServiceConfigError that names every fault
 */
export function parseServiceConfig(json: unknown, policies: LoadBalancerPolicies): ServiceConfig {
  if (isDeeper(json, MAX_LEVELS)) {
    throw new ServiceConfigError([`the config is nested too deep: it must have at most ${MAX_LEVELS} levels`])
  }
  const fields = new FieldReader(json)
  const throttling = fields.object('retryThrottling')
  const loadBalancing = parseLoadBalancing(fields, 'loadBalancingConfig', policies) ?? byOldName(fields, policies)
  const config = {
    json,
    methods: parseMethodConfigs(fields),
    retryThrottling: throttling === undefined ? null : parseRetryThrottling(throttling),
    healthServiceName: fields.object('healthCheckConfig')?.string('serviceName') ?? null,
    maxConnectionsPerSubchannel: readMaxConnections(fields),
  }
  fields.finish()
  if (loadBalancing === undefined) throw new Error(`the policy ${DEFAULT_POLICY} is missing`)
  return Object.freeze({ ...config, loadBalancing })
}

function isDeeper(json: unknown, levels: number): boolean {
  if (typeof json !== 'object' || json === null) return false
  return levels === 0 || Object.values(json).some((value) => isDeeper(value, levels - 1))
}

/** Parses `loadBalancingPolicy`, the case-insensitive predecessor of `loadBalancingConfig`. */
function byOldName(fields: FieldReader, policies: LoadBalancerPolicies): ConfiguredPolicy | undefined {
  const hasList = (fields.list('loadBalancingConfig')?.length ?? 0) > 0
  const name = (hasList ? '' : fields.string('loadBalancingPolicy'))?.toLowerCase() || DEFAULT_POLICY
  const policy = policies.get(name)
  if (policy === undefined) {
    return fields.fault('loadBalancingPolicy', name, `one of ${[...policies.keys()].join(', ')}`)
  }
  try {
    return Object.freeze({ policy, config: policy.parseConfig({}, policies) })
  } catch (error) {
    return fields.adopt('loadBalancingPolicy', error)
  }
}

function readMaxConnections(fields: FieldReader): number {
  const count = fields.object('connectionScaling')?.integer('maxConnectionsPerSubchannel', UINT32) ?? 1
  return Math.min(Math.max(count, 1), MAX_CONNECTIONS_PER_SUBCHANNEL)
}
