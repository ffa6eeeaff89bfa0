/** The config of weighted_round_robin (gRFC A58). */
import { FieldReader } from '../../service-config/field-reader.ts'

/** How weights are computed from reports. */
export interface WeightedRoundRobinConfig {
  /** Whether to request reports out of band, and ignore those in the trailers of calls. Default: false. */
  readonly enableOobLoadReport: boolean
  /** The interval of out-of-band reports, in whole milliseconds. Servers may have a minimum. Default 10,000. */
  readonly oobReportingPeriodMs: number
  /** How long reports of a new endpoint are not used, in milliseconds. Default 10,000. */
  readonly blackoutPeriodMs: number
  /** How long a report is valid, in milliseconds. Default 180,000. */
  readonly weightExpirationPeriodMs: number
  /** How often weights are applied, in milliseconds. Minimum 100; lower values count as 100. Default 1,000. */
  readonly weightUpdatePeriodMs: number
  /** The weight of failures as load. From 0. Default 1. */
  readonly errorUtilizationPenalty: number
  /**
   * The metrics of utilization, of which the highest counts (gRFC A114): `application_utilization`, `cpu_utilization`,
   * `mem_utilization`, `utilization.NAME` or `named_metrics.NAME`. Default: none.
   */
  readonly metricNames: readonly string[]
}

/** The default config. */
export const DEFAULT_WEIGHTED_ROUND_ROBIN: WeightedRoundRobinConfig = Object.freeze({
  enableOobLoadReport: false,
  oobReportingPeriodMs: 10_000,
  blackoutPeriodMs: 10_000,
  weightExpirationPeriodMs: 180_000,
  weightUpdatePeriodMs: 1_000,
  errorUtilizationPenalty: 1,
  metricNames: [],
})

const LEAST_UPDATE_PERIOD_MS = 100
const PENALTY = { min: 0, max: Number.MAX_VALUE }

/** Reads the JSON of a service config. Throws ServiceConfigError. */
export function parseWeightedRoundRobinConfig(json: unknown): WeightedRoundRobinConfig {
  const fields = new FieldReader(json)
  const defaults = DEFAULT_WEIGHTED_ROUND_ROBIN
  const updatePeriodMs = fields.durationMs('weightUpdatePeriod') ?? defaults.weightUpdatePeriodMs
  const config = {
    enableOobLoadReport: fields.boolean('enableOobLoadReport') ?? defaults.enableOobLoadReport,
    oobReportingPeriodMs: Math.round(fields.durationMs('oobReportingPeriod') ?? defaults.oobReportingPeriodMs),
    blackoutPeriodMs: fields.durationMs('blackoutPeriod') ?? defaults.blackoutPeriodMs,
    weightExpirationPeriodMs: fields.durationMs('weightExpirationPeriod') ?? defaults.weightExpirationPeriodMs,
    weightUpdatePeriodMs: Math.max(updatePeriodMs, LEAST_UPDATE_PERIOD_MS),
    errorUtilizationPenalty: fields.number('errorUtilizationPenalty', PENALTY) ?? defaults.errorUtilizationPenalty,
    metricNames: readNames(fields),
  }
  fields.finish()
  return Object.freeze(config)
}

function readNames(fields: FieldReader): readonly string[] {
  const name = 'metricNamesForComputingUtilization'
  return (fields.list(name) ?? []).flatMap((value, index) => {
    return typeof value === 'string' ? value : (fields.fault(`${name}[${index}]`, value, 'a string') ?? [])
  })
}
