/** What limits report to metrics. */
import type { MetricSource } from '../../wire/telemetry/metrics/metric-registry.ts'

/** The values of a limit, read when metrics are collected. Those that it does not have are undefined. */
export interface LimitValues {
  readonly refused: number
  readonly inFlight?: number
  readonly limit?: number | undefined
}

const METRICS = [
  {
    key: 'refused',
    name: 'portico.server.limit.refused',
    unit: '{call}',
    description: 'Calls that a limit refused since the start',
    kind: 'counter',
  },
  {
    key: 'inFlight',
    name: 'portico.server.limit.in_flight',
    unit: '{call}',
    description: 'Calls in flight that a limit counts',
    kind: 'gauge',
  },
  {
    key: 'limit',
    name: 'portico.server.limit.max',
    unit: '{call}',
    description: 'The most calls in flight that a limit admits now',
    kind: 'gauge',
  },
] as const

/** Returns the sources of a limit. Its name is their attribute `limit`. */
export function limitMetrics(name: string, read: () => LimitValues): readonly MetricSource[] {
  const has = read()
  return METRICS.filter(({ key }) => has[key] !== undefined).map(({ key, ...definition }) => ({
    ...definition,
    read: (report) => report(read()[key] ?? 0, { limit: name }),
  }))
}
