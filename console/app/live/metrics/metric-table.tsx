/** All metrics as a table, with a search. */
import { useSignal } from '@preact/signals'
import { Badge } from '../../parts/badge.tsx'
import { Field } from '../../parts/field.tsx'
import { countOf } from '../../parts/format.ts'
import { formatNumber, formatRate } from '../chart/units.ts'
import { findMetricRows, type MetricRow } from './metric-rows.ts'
import type { MetricsPage } from './parse-metrics.ts'
import type { Snapshot } from './snapshot.ts'

/** A page of metrics can have thousands of samples. */
const MAX_ROWS = 200

/** Draws the table. `snapshot` has the samples of the page. */
export function MetricTable({ page, snapshot }: { page: MetricsPage; snapshot: Snapshot }) {
  const search = useSignal('')
  const showsBuckets = useSignal(false)
  const rows = findMetricRows(page, search.value, showsBuckets.value)
  return (
    <section class="card stack" aria-labelledby="all-metrics">
      <div class="spread">
        <h2 id="all-metrics">All metrics</h2>
        <div class="row">
          <Field label="Search" isInline>
            {(attributes) => (
              <input
                {...attributes}
                class="input"
                type="search"
                value={search.value}
                onInput={(event) => {
                  search.value = event.currentTarget.value
                }}
              />
            )}
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={showsBuckets.value}
              onChange={(event) => {
                showsBuckets.value = event.currentTarget.checked
              }}
            />
            Buckets
          </label>
        </div>
      </div>
      <p class="soft small" role="status">
        {countOf(rows.length, 'sample')}
        {rows.length > MAX_ROWS && `, of which the first ${MAX_ROWS} are shown`}
        {page.isCut && '. The page has more than this console reads'}
        {page.faults.count > 0 &&
          `. ${countOf(page.faults.count, 'line')} cannot be read, first line ${page.faults.firstLine}`}
      </p>
      <Rows rows={rows.slice(0, MAX_ROWS)} snapshot={snapshot} />
    </section>
  )
}

function Rows({ rows, snapshot }: { rows: readonly MetricRow[]; snapshot: Snapshot }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
    <section class="table-scroll metric-scroll" aria-label="Samples" tabIndex={0}>
      <table class="table metric-table">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Labels</th>
            <th scope="col" class="is-number">
              Value
            </th>
            <th scope="col" class="is-number">
              Growth
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ family, sample }, place) => (
            // Nothing keeps a page from naming a series twice.
            <tr key={`${place} ${sample.id}`}>
              <td class="wrap">
                <code dir="auto">{sample.name}</code> <Badge>{family.type}</Badge>
                {family.help !== '' && (
                  <p class="soft small" dir="auto">
                    {family.help}
                  </p>
                )}
              </td>
              <td>
                <ul class="plain metric-labels">
                  {sample.labels.map(([name, value]) => (
                    <li key={name} class="wrap" dir="auto">
                      <span class="soft">{name}=</span>
                      {value}
                    </li>
                  ))}
                </ul>
              </td>
              <td class="is-number">{formatNumber(sample.value)}</td>
              <td class="is-number">{growthOf(sample, family.type, snapshot)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function growthOf(sample: MetricRow['sample'], type: string, snapshot: Snapshot): string {
  if (type === 'gauge' || type === 'untyped') return ''
  const rate = snapshot.growthOf(sample)
  return rate === null ? '' : formatRate(rate)
}
