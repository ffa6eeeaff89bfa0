/** The config of outlier_detection (gRFC A50). */
import type { ConfiguredPolicy, LoadBalancerPolicies } from '../../contracts/load-balancer.ts'
import { FieldReader, UINT32 } from '../../service-config/field-reader.ts'
import { requireChildPolicy } from '../../service-config/parse-load-balancing.ts'

/** When an endpoint is ejected, and for how long. */
export interface OutlierDetectionConfig {
  /** The interval between two evaluations of all endpoints, in milliseconds. Default 10,000. */
  readonly intervalMs: number
  /** Duration of the first ejection, in milliseconds. The n-th in a row lasts n times as long. Default 30,000. */
  readonly baseEjectionTimeMs: number
  /** Maximum duration of an ejection, in milliseconds; not below the base. Default 300,000. */
  readonly maxEjectionTimeMs: number
  /** Maximum share of ejected endpoints. From 0 to 100; above 0, one endpoint can always be ejected. Default 10. */
  readonly maxEjectionPercent: number
  /** Ejects endpoints that succeed much less often than others. Null: off. */
  readonly successRate: SuccessRateEjection | null
  /** Ejects endpoints that fail too often. Null: off. */
  readonly failurePercentage: FailurePercentageEjection | null
  readonly child: ConfiguredPolicy
}

/** The options that both algorithms share. */
interface EjectionRule {
  /** Probability that an outlier is ejected. From 0 to 100. Default 100. */
  readonly enforcementPercentage: number
  /** Minimum number of endpoints with enough calls. Default 5. */
  readonly minimumHosts: number
  /** Calls per interval that are enough. Default 100 for success rates, 50 for failures. */
  readonly requestVolume: number
}

export interface SuccessRateEjection extends EjectionRule {
  /** Distance below the mean, in thousandths of a standard deviation, that makes an outlier. Default 1,900. */
  readonly stdevFactor: number
}

export interface FailurePercentageEjection extends EjectionRule {
  /** Maximum percentage of failures. From 0 to 100. Default 85. */
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
