/** The results as Markdown tables, one for each workload. */
import type { Column, Result, Unit, Workload } from '../workload.ts'
import { median, spread } from './statistics.ts'
import { table } from './table.ts'

/** All tables, each with heading and explanation. */
export function tablesOf(results: readonly Result[]): string {
  const workloads = [...new Set(results.map(({ workload }) => workload))]
  const ofWorkload = (workload: Workload) => results.filter((result) => result.workload === workload)
  return workloads.map((workload) => section(workload, ofWorkload(workload))).join('\n')
}

function section(workload: Workload, results: readonly Result[]): string {
  const baseline = results.find(({ contestant }) => contestant === workload.baseline)
  const [first, ...others] = workload.columns
  const heads = [
    '',
    first.title,
    'spread',
    ...(baseline ? [`× ${baseline.title}`] : []),
    ...others.map(({ title }) => title),
  ]
  const rows = results.map((result) => {
    const ratio = baseline ? [(middle(result, first) / middle(baseline, first)).toFixed(2)] : []
    return [
      result.title,
      cell(result, first),
      `${Math.round(spread(valuesOf(result, first)) * 100)} %`,
      ...ratio,
      ...others.map((column) => cell(result, column)),
    ]
  })
  return `### ${workload.title}\n\n${workload.explanation}\n\n${table(heads, rows)}\n`
}

function cell(result: Result, column: Column): string {
  const value = middle(result, column)
  return Number.isNaN(value) ? '-' : FORMATS[column.unit](value)
}

function middle(result: Result, column: Column): number {
  return median(valuesOf(result, column))
}

function valuesOf({ samples }: Result, { key }: Column): number[] {
  return samples.map((sample) => sample[key] ?? Number.NaN)
}

const FORMATS: Readonly<Record<Unit, (value: number) => string>> = {
  count: (value) => Math.round(value).toLocaleString('en'),
  ms: (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`,
  µs: (value) => `${value.toFixed(1)} µs`,
  ns: (value) => `${value.toFixed(value < 100 ? 1 : 0)} ns`,
  KiB: (value) => (value < 1_024 ? `${value.toFixed(1)} KiB` : `${(value / 1_024).toFixed(1)} MiB`),
  '%': (value) => `${Math.round(value)} %`,
}
