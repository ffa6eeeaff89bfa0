/** The names of OpenTelemetry in the spelling of Prometheus, as the OpenTelemetry specification maps them. */
import type { MetricDefinition } from '../../../wire/telemetry/metrics/metric-registry.ts'
import type { OtelAttributes } from '../../../wire/telemetry/open-telemetry-api.ts'

/** The units that Prometheus writes out at the end of a name. What is counted, in braces, is left out. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/** Returns `rpc_server_call_duration_seconds` for `rpc.server.call.duration` in `s`. Counters end in `_total`. */
export function prometheusName({ name, unit }: MetricDefinition, kind: 'counter' | 'gauge' | 'histogram'): string {
  const suffix = unit === '1' && kind === 'gauge' ? 'ratio' : UNITS[unit]
  const words = spelled(name)
  const withUnit = suffix === undefined || words.endsWith(`_${suffix}`) ? words : `${words}_${suffix}`
  return kind === 'counter' && !withUnit.endsWith('_total') ? `${withUnit}_total` : withUnit
}

/** Labels of a series. */
export type Labels = Readonly<Record<string, string>>

/** Returns `rpc_method` for `rpc.method`, and values as text. */
export function labelsOf(attributes: OtelAttributes): Labels {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [spelled(name), String(value)]))
}

function spelled(name: string): string {
  return name.replace(/[^a-zA-Z0-9_:]/g, '_')
}
