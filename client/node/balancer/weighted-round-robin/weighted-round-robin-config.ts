/** What weighted_round_robin can be told (gRFC A58). */
import { FieldReader } from '../../service-config/field-reader.ts'

/** How weights come of reports. */
export interface WeightedRoundRobinConfig {
  /** Whether reports are asked for on a stream of their own, and those in the trailers of calls are ignored. Default false. */
  readonly enableOobLoadReport: boolean
  /** How often to ask for them then, in whole milliseconds; servers have a least of their own. Default 10,000. */
  readonly oobReportingPeriodMs: number
  /** How long the first reports of an endpoint are not believed, in milliseconds. Default 10,000. */
  readonly blackoutPeriodMs: number
  /** How long a report holds, in milliseconds. Default 180,000. */
  readonly weightExpirationPeriodMs: number
  /** How often weights come into effect, in milliseconds. At least 100; lower values count as 100. Default 1,000. */
  readonly weightUpdatePeriodMs: number
  /** How much failures count as load. From 0. Default 1. */
  readonly errorUtilizationPenalty: number
  /**
   * What utilization is read from, the highest of all (gRFC A114): `application_utilization`, `cpu_utilization`,
   * `mem_utilization`, `utilization.NAME` or `named_metrics.NAME`. Default: none.
   */
  readonly metricNames: readonly string[]
}

/** What holds where nothing is said. */
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
