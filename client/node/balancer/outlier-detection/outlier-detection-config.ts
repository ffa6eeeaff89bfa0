/** What outlier_detection can be told (gRFC A50). */
import type { ConfiguredPolicy, LoadBalancerPolicies } from '../../contracts/load-balancer.ts'
import { FieldReader, UINT32 } from '../../service-config/field-reader.ts'
import { requireChildPolicy } from '../../service-config/parse-load-balancing.ts'

/** When an endpoint is left out, and for how long. */
export interface OutlierDetectionConfig {
  /** The time from one look at all endpoints to the next, in milliseconds. Default 10,000. */
  readonly intervalMs: number
  /** How long the first ejection lasts, in milliseconds; the n-th in a row n times as long. Default 30,000. */
  readonly baseEjectionTimeMs: number
  /** The longest ejection, in milliseconds; not below the base. Default 300,000. */
  readonly maxEjectionTimeMs: number
  /** When this share of all is ejected no more are. From 0 to 100; with anything above 0 one always can be. Default 10. */
  readonly maxEjectionPercent: number
  /** Ejects those that succeed much less than the others. Null: not looked at. */
  readonly successRate: SuccessRateEjection | null
  /** Ejects those that fail too much. Null: not looked at. */
  readonly failurePercentage: FailurePercentageEjection | null
  readonly child: ConfiguredPolicy
}

/** How certain it must be. */
interface EjectionRule {
  /** How likely one that should be ejected is. From 0 to 100. Default 100. */
  readonly enforcementPercentage: number
  /** With fewer endpoints that have enough calls none is judged. Default 5. */
  readonly minimumHosts: number
  /** How many calls of an interval are enough. Default 100 for success rates, 50 for failures. */
  readonly requestVolume: number
}

export interface SuccessRateEjection extends EjectionRule {
  /** How many thousandths of a standard deviation below the mean is too little. Default 1,900. */
  readonly stdevFactor: number
}

export interface FailurePercentageEjection extends EjectionRule {
  /** What is above it is too much. From 0 to 100. Default 85. */
  readonly threshold: number
}

const PERCENT = { min: 0, max: 100 }

/** Reads the JSON of a service config. Throws ServiceConfigError. */
export function parseOutlierDetectionConfig(json: unknown, policies: LoadBalancerPolicies): OutlierDetectionConfig {
  const fields = new FieldReader(json)
  const baseEjectionTimeMs = fields.durationMs('baseEjectionTime') ?? 30_000
  const successRate = fields.object('successRateEjection')
  const failurePercentage = fields.object('failurePercentageEjection')
  const config = {
    intervalMs: fields.durationMs('interval', { min: 1, max: Number.POSITIVE_INFINITY }) ?? 10_000,
    baseEjectionTimeMs,
    maxEjectionTimeMs: Math.max(fields.durationMs('maxEjectionTime') ?? 300_000, baseEjectionTimeMs),
    maxEjectionPercent: fields.integer('maxEjectionPercent', PERCENT) ?? 10,
    successRate: successRate === undefined ? null : readSuccessRate(successRate),
    failurePercentage: failurePercentage === undefined ? null : readFailurePercentage(failurePercentage),
  }
  return Object.freeze({ ...config, child: requireChildPolicy(fields, policies) })
}

function readSuccessRate(fields: FieldReader): SuccessRateEjection {
  return { stdevFactor: fields.integer('stdevFactor', UINT32) ?? 1_900, ...readRule(fields, 100) }
}

function readFailurePercentage(fields: FieldReader): FailurePercentageEjection {
  return { threshold: fields.integer('threshold', PERCENT) ?? 85, ...readRule(fields, 50) }
}

function readRule(fields: FieldReader, requestVolume: number): EjectionRule {
  return {
    enforcementPercentage: fields.integer('enforcementPercentage', PERCENT) ?? 100,
    minimumHosts: fields.integer('minimumHosts', UINT32) ?? 5,
    requestVolume: fields.integer('requestVolume', UINT32) ?? requestVolume,
  }
}
