/** What the process itself has to say, under OpenTelemetry's names: CPU, memory, and how late its event loop is. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { codecCounts } from '../../../wire/codec/codec-counts.ts'
import type { MetricSource } from '../../../wire/telemetry/metrics/metric-registry.ts'

/** The sources of the process, and what they hold until they are stopped. */
export interface ProcessSources {
  readonly sources: readonly MetricSource[]
  /** Stops the measurement of delays. */
  stop(): void
}

/** Only the delay of the event loop is measured all the time, by a timer of libuv every 20 ms; the rest is read when asked for. */
export function processSources(): ProcessSources {
  const delays = new EventLoopDelays()
  return { sources: [...RESOURCES, CODECS, ...delays.sources], stop: () => delays.stop() }
}

const MICROSECONDS = 1e6
const NANOSECONDS = 1e9

const RESOURCES: readonly MetricSource[] = [
  {
    name: 'process.cpu.time',
    unit: 's',
    description: 'CPU time used by the process',
    kind: 'counter',
    read(report) {
      const { user, system } = process.cpuUsage()
      report(user / MICROSECONDS, { 'cpu.mode': 'user' })
      report(system / MICROSECONDS, { 'cpu.mode': 'system' })
    },
  },
  {
    name: 'process.memory.usage',
    unit: 'By',
    description: 'Physical memory in use by the process',
    kind: 'gauge',
    overWorkers: 'each',
    read: (report) => report(process.memoryUsage.rss()),
  },
  {
    name: 'process.uptime',
    unit: 's',
    description: 'Time since the process started',
    kind: 'gauge',
    overWorkers: 'each',
    read: (report) => report(process.uptime()),
  },
  {
    name: 'v8js.memory.heap.used',
    unit: 'By',
    description: 'Heap memory in use, by space',
    kind: 'gauge',
    overWorkers: 'each',
    read(report) {
      for (const { space_name, space_used_size } of getHeapSpaceStatistics())
        report(space_used_size, { 'v8js.heap.space.name': space_name })
    },
  },
  {
    name: 'nodejs.eventloop.time',
    unit: 's',
    description: 'Time that the event loop was active, and idle',
    kind: 'counter',
    read(report) {
      const { active, idle } = performance.eventLoopUtilization()
      report(active / 1000, { 'nodejs.eventloop.state': 'active' })
      report(idle / 1000, { 'nodejs.eventloop.state': 'idle' })
    },
  },
]

/** How the codecs of this process work, as closures and protobuf-es are several times slower than generated code. */
const CODECS: MetricSource = {
  name: 'portico.codec.types',
  unit: '{type}',
  description: 'Message types in use, by what their codecs do and how',
  kind: 'gauge',
  overWorkers: 'max',
  read(report) {
    for (const { task, way, reason, types } of codecCounts()) {
      report(types, { 'codec.task': task, 'codec.way': way, ...(reason !== '' && { 'codec.reason': reason }) })
    }
  },
}

/** Delays are measured by a timer of this period, which Node counts into them. */
const RESOLUTION_MS = 20

/** The metrics of one collection come from the same delays, and the next collection sees only later ones. */
const SAME_COLLECTION_MS = 1_000

/** The delays of the event loop since the last collection. */
class EventLoopDelays {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #values = { p50: 0, p99: 0, max: 0 }
  #readAtMs = Number.NEGATIVE_INFINITY

  readonly sources: readonly MetricSource[] = (['p50', 'p99', 'max'] as const).map((name) => ({
    name: `nodejs.eventloop.delay.${name}`,
    unit: 's',
    description: `Event loop delay since the last collection, ${name === 'max' ? 'maximum' : `${name.slice(1)}th percentile`}`,
    kind: 'gauge',
    overWorkers: 'each',
    read: (report) => report(Math.max(0, this.#read()[name] / NANOSECONDS - RESOLUTION_MS / 1000)),
  }))

  constructor() {
    this.#histogram.enable()
  }

  stop(): void {
    this.#histogram.disable()
  }

  #read() {
    const nowMs = performance.now()
    if (nowMs - this.#readAtMs < SAME_COLLECTION_MS) return this.#values
    const { max } = this.#histogram
    this.#values = { p50: this.#histogram.percentile(50), p99: this.#histogram.percentile(99), max }
    this.#histogram.reset()
    this.#readAtMs = nowMs
    return this.#values
  }
}
