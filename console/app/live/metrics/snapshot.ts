/** The samples of one refresh, and how they have grown since the one before. */
import { increase } from '../refresh/rates.ts'
import type { Bucket } from './histogram.ts'
import type { MetricSample, MetricsPage } from './parse-metrics.ts'

/** Which samples count. */
export type SampleFilter = (sample: MetricSample) => boolean

interface Before {
  readonly atMs: number
  readonly values: ReadonlyMap<string, number>
}

/** Samples by name. */
export class Snapshot {
  readonly atMs: number
  readonly #samples = new Map<string, MetricSample[]>()
  readonly #values = new Map<string, number>()
  readonly #before: Before | null

  /** @param before the snapshot of the refresh before; null for the first */
  constructor(page: MetricsPage, atMs: number, before: Snapshot | null) {
    this.atMs = atMs
    // Not the snapshot itself, which would keep all that came before it.
    this.#before = before && { atMs: before.atMs, values: before.#values }
    for (const { samples } of page.families) for (const sample of samples) this.#add(sample)
  }

  #add(sample: MetricSample): void {
    const named = this.#samples.get(sample.name)
    if (named === undefined) this.#samples.set(sample.name, [sample])
    else named.push(sample)
    this.#values.set(sample.id, sample.value)
  }

  /** All samples of this name. */
  samplesOf(name: string): readonly MetricSample[] {
    return this.#samples.get(name) ?? []
  }

  /** The sum of the samples; null if there is none. */
  sumOf(name: string, counts: SampleFilter = () => true): number | null {
    const samples = this.samplesOf(name).filter(counts)
    return samples.length === 0 ? null : samples.reduce((sum, { value }) => sum + value, 0)
  }

  /** How much a counter has grown since the refresh before; null in the first one. A smaller value has started again from zero. */
  increaseOf({ id, value }: MetricSample): number | null {
    if (this.#before === null) return null
    // A series that is new has counted from zero since then.
    return increase(this.#before.values.get(id) ?? 0, value)
  }

  /** How fast a counter grows per second; null in the first refresh. */
  growthOf(sample: MetricSample): number | null {
    const seconds = this.#before === null ? 0 : (this.atMs - this.#before.atMs) / 1_000
    const grown = this.increaseOf(sample)
    return grown === null || seconds <= 0 ? null : grown / seconds
  }

  /** How fast the counters grow together, per second; null if there are none, or in the first refresh. */
  rateOf(name: string, counts: SampleFilter = () => true): number | null {
    return this.ratesBy(name, (sample) => (counts(sample) ? name : undefined)).get(name) ?? null
  }

  /** How fast counters grow per second, added up by the groups they are in. `groupOf` returns undefined for those that do not count. */
  ratesBy(name: string, groupOf: (sample: MetricSample) => string | undefined): Map<string, number | null> {
    const rates = new Map<string, number | null>()
    for (const sample of this.samplesOf(name)) {
      const group = groupOf(sample)
      if (group === undefined) continue
      const rate = this.growthOf(sample)
      rates.set(group, rate === null ? null : (rates.get(group) ?? 0) + rate)
    }
    return rates
  }

  /** The values that histograms have got since the refresh before, by bucket. */
  newBucketsOf(name: string, counts: SampleFilter = () => true): Bucket[] {
    return this.samplesOf(`${name}_bucket`)
      .filter(counts)
      .map((sample) => ({ bound: boundOf(labelOf(sample, 'le')), count: this.increaseOf(sample) ?? 0 }))
  }
}

function boundOf(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text)
}

/** The value of a label; an empty text if the sample has none, as in Prometheus. */
export function labelOf({ labels }: MetricSample, name: string): string {
  return labels.find(([each]) => each === name)?.[1] ?? ''
}
