/** The table of all metrics: its rows, and the search in them. */
import type { MetricFamily, MetricSample, MetricsPage } from './parse-metrics.ts'

/** A row: one sample of a metric. */
export interface MetricRow {
  readonly family: MetricFamily
  readonly sample: MetricSample
}

/**
 * Returns the rows that have all words of a search, in their names, labels or descriptions.
 *
 * @param showsBuckets whether to include the buckets of histograms, which are most of the samples
 */
export function findMetricRows(page: MetricsPage, search: string, showsBuckets: boolean): MetricRow[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return page.families.flatMap((family) => {
    const about = `${family.name} ${family.help}`.toLowerCase()
    return family.samples
      .filter((sample) => showsBuckets || !isBucket(family, sample))
      .filter((sample) => words.every((word) => about.includes(word) || sample.id.toLowerCase().includes(word)))
      .map((sample) => ({ family, sample }))
  })
}

function isBucket(family: MetricFamily, sample: MetricSample): boolean {
  return family.type.endsWith('histogram') && sample.name === `${family.name}_bucket`
}
