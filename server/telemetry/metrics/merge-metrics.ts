/** Makes one set of metrics of those of several processes. */
import type { Aggregator, CollectedData, CollectedValue } from './prometheus-registry.ts'

/** The metrics of one process. */
export interface ProcessMetrics {
  /** The value of the label `worker`, where each process has a series of its own. */
  readonly worker: string
  readonly metrics: readonly CollectedData[]
}

/** What a value becomes together with that of another process. */
const JOIN: Readonly<Record<Exclude<Aggregator, 'each' | 'omit'>, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  average: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
  first: (a) => a,
}

/**
 * Merges metrics by name and labels. Counters and histograms are added up, gauges as their aggregator says; quantiles of summaries cannot
 * be merged, so that each process has its own.
 */
export function mergeMetrics(processes: readonly ProcessMetrics[]): readonly CollectedData[] {
  const merged = new Map<string, MergedMetric>()
  for (const { worker, metrics } of processes) {
    for (const metric of metrics) {
      if (metric.aggregator === 'omit') continue
      const known = merged.get(metric.name) ?? new MergedMetric(metric)
      merged.set(metric.name, known)
      known.add(metric, worker)
    }
  }
  return Array.from(merged.values(), (metric) => metric.data)
}

/** Returns the values that only grow: those that still count after their process has ended. */
export function growingOf(metrics: readonly CollectedData[]): readonly CollectedData[] {
  return metrics
    .filter(({ type, aggregator }) => type !== 'gauge' && aggregator !== 'omit')
    .map((metric) => ({ ...metric, values: metric.values.filter((value) => !isQuantile(metric, value)) }))
}

/** One metric of all processes. */
class MergedMetric {
  readonly #first: CollectedData
  readonly #values = new Map<string, MergedValue>()

  constructor(first: CollectedData) {
    this.#first = first
  }

  get data(): CollectedData {
    const isAverage = this.#first.aggregator === 'average'
    return {
      ...this.#first,
      values: Array.from(this.#values.values(), ({ value, count }) =>
        isAverage ? { ...value, value: value.value / count } : value,
      ),
    }
  }

  add(metric: CollectedData, worker: string): void {
    // Values of another kind, under the same name, cannot be on the page.
    if (metric.type !== this.#first.type) return
    for (const value of metric.values) this.#addValue(withWorker(metric, value, worker))
  }

  #addValue(value: CollectedValue): void {
    const key = keyOf(value)
    const known = this.#values.get(key)
    this.#values.set(key, known === undefined ? { value, count: 1 } : this.#join(known, value))
  }

  #join({ value, count }: MergedValue, other: CollectedValue): MergedValue {
    const { aggregator } = this.#first
    const join = JOIN[aggregator === 'each' || aggregator === 'omit' ? 'sum' : aggregator]
    const exemplar = newer(value.exemplar, other.exemplar)
    return { value: { ...value, value: join(value.value, other.value), exemplar }, count: count + 1 }
  }
}

interface MergedValue {
  readonly value: CollectedValue
  /** How many processes have it. */
  readonly count: number
}

function withWorker(metric: CollectedData, value: CollectedValue, worker: string): CollectedValue {
  const isEach = metric.type === 'gauge' && metric.aggregator === 'each'
  return isEach || isQuantile(metric, value) ? { ...value, labels: { ...value.labels, worker } } : value
}

/** Summaries of prom-client have quantiles besides their sum and count. */
function isQuantile({ type }: { readonly type: string }, { labels }: CollectedValue): boolean {
  return type === 'summary' && 'quantile' in labels
}

function keyOf({ metricName = '', labels, sharedLabels = {} }: CollectedValue): string {
  const pairs = Object.entries({ ...sharedLabels, ...labels }).map(([name, value]) => [name, String(value)])
  return JSON.stringify([metricName, ...pairs.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))])
}

function newer(a: CollectedValue['exemplar'], b: CollectedValue['exemplar']): CollectedValue['exemplar'] {
  if (a === undefined || a === null) return b
  return b === undefined || b === null || a.timestamp >= b.timestamp ? a : b
}
