/** What the charts of the metrics show. */
import { histogramQuantile, sumBuckets } from './histogram.ts'
import { labelOf, type SampleFilter, type Snapshot } from './snapshot.ts'

/** What the values of a chart are. */
export type MetricUnit = 'per second' | 'seconds' | 'count' | 'bytes' | 'bytes per second' | 'share'

/** The values of the lines of a chart at one time, by their names; null where there is none. */
export type Lines = readonly (readonly [line: string, value: number | null])[]

/** A chart, and how its lines come from the samples of a refresh. */
export interface MetricChart {
  readonly label: string
  readonly unit: MetricUnit
  /**
   * Returns the values of a refresh; empty if the server does not measure this.
   *
   * @param method the method whose calls count; an empty text for all
   */
  readonly linesOf: (snapshot: Snapshot, method: string) => Lines
}

/** The names of the metrics of calls: those of gRPC, whose statuses are the same in all protocols, then those of OpenTelemetry. */
const CALL_NAMES = [
  { duration: 'grpc_server_call_duration_seconds', method: 'grpc_method', code: 'grpc_status' },
  { duration: 'rpc_server_call_duration_seconds', method: 'rpc_method', code: 'rpc_status_code' },
] as const

const SIZES = ['sent', 'rcvd'] as const
const QUANTILES = [0.5, 0.95, 0.99]
const MAX_METHODS = 1_000
/** gRPC has 17. */
const MAX_CODES = 17

function callNamesOf(snapshot: Snapshot): (typeof CALL_NAMES)[number] {
  return CALL_NAMES.find(({ duration }) => snapshot.samplesOf(`${duration}_count`).length > 0) ?? CALL_NAMES[0]
}

/** The methods whose calls are measured, by name. */
export function measuredMethods(snapshot: Snapshot): string[] {
  const { duration, method } = callNamesOf(snapshot)
  const names = new Set(snapshot.samplesOf(`${duration}_count`).map((sample) => labelOf(sample, method)))
  return [...names]
    .filter((name) => name !== '')
    .sort()
    .slice(0, MAX_METHODS)
}

function isOf(label: string, method: string): SampleFilter {
  return (sample) => method === '' || labelOf(sample, label) === method
}

const CALLS: MetricChart = {
  label: 'Calls by status',
  unit: 'per second',
  linesOf(snapshot, method) {
    const names = callNamesOf(snapshot)
    const counts = isOf(names.method, method)
    const rates = snapshot.ratesBy(`${names.duration}_count`, (sample) =>
      counts(sample) ? codeOf(labelOf(sample, names.code)) : undefined,
    )
    return [...rates].sort(([a], [b]) => okFirst(a, b)).slice(0, MAX_CODES)
  },
}

/** Connect writes codes in small letters, and none for a success. */
function codeOf(label: string): string {
  return label === '' ? 'OK' : label.toUpperCase()
}

function okFirst(a: string, b: string): number {
  if (a === 'OK' || b === 'OK') return a === 'OK' ? -1 : 1
  return a < b ? -1 : 1
}

const LATENCY: MetricChart = {
  label: 'Duration of calls',
  unit: 'seconds',
  linesOf(snapshot, method) {
    const names = callNamesOf(snapshot)
    if (snapshot.samplesOf(`${names.duration}_bucket`).length === 0) return []
    const buckets = sumBuckets(snapshot.newBucketsOf(names.duration, isOf(names.method, method)))
    return QUANTILES.map((share) => [`p${share * 100}`, finite(histogramQuantile(buckets, share))])
  },
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

const IN_FLIGHT: MetricChart = {
  label: 'In flight',
  unit: 'count',
  linesOf: (snapshot, method) =>
    measured([
      ['Calls', snapshot.sumOf('portico_server_call_active', isOf('rpc_method', method))],
      ['Connections', snapshot.sumOf('portico_server_connection_open')],
    ]),
}

const BYTES: MetricChart = {
  label: 'Messages',
  unit: 'bytes per second',
  linesOf(snapshot, method) {
    const nameOf = (way: string) => `grpc_server_call_${way}_total_compressed_message_size_bytes_sum`
    if (SIZES.every((way) => snapshot.samplesOf(nameOf(way)).length === 0)) return []
    return SIZES.map((way) => [
      way === 'sent' ? 'Sent' : 'Received',
      snapshot.rateOf(nameOf(way), isOf('grpc_method', method)),
    ])
  },
}

const LOAD: MetricChart = {
  label: 'Load of the process',
  unit: 'share',
  linesOf(snapshot) {
    const name = 'nodejs_eventloop_time_seconds_total'
    const rateOf = (state: string) =>
      snapshot.rateOf(name, (sample) => labelOf(sample, 'nodejs_eventloop_state') === state)
    const [active, idle] = [rateOf('active'), rateOf('idle')]
    const lines: [string, number | null][] = []
    if (snapshot.samplesOf(name).length > 0)
      lines.push(['Event loop', active === null || idle === null ? null : finite(active / (active + idle))])
    if (snapshot.samplesOf('process_cpu_time_seconds_total').length > 0)
      lines.push(['CPU', snapshot.rateOf('process_cpu_time_seconds_total')])
    return lines
  },
}

const DELAY: MetricChart = {
  label: 'Delay of the event loop',
  unit: 'seconds',
  linesOf: (snapshot) =>
    measured(['p50', 'p99', 'max'].map((name) => [name, snapshot.sumOf(`nodejs_eventloop_delay_${name}_seconds`)])),
}

const MEMORY: MetricChart = {
  label: 'Memory',
  unit: 'bytes',
  linesOf: (snapshot) =>
    measured([
      ['Process', snapshot.sumOf('process_memory_usage_bytes')],
      ['Heap', snapshot.sumOf('v8js_memory_heap_used_bytes')],
    ]),
}

/** Leaves out gauges that the server does not have. */
function measured(lines: Lines): Lines {
  return lines.filter(([, value]) => value !== null)
}

/** All charts, in order. */
export const METRIC_CHARTS: readonly MetricChart[] = [CALLS, LATENCY, IN_FLIGHT, BYTES, LOAD, DELAY, MEMORY]
