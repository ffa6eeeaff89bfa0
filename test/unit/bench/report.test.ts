import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { median, spread } from '../../../bench/report/statistics.ts'
import { tablesOf } from '../../../bench/report/tables.ts'
import { replaceBetween } from '../../../bench/report/write-report.ts'
import type { Workload } from '../../../bench/workload.ts'

const UNARY: Workload = {
  name: 'unary',
  title: 'Unary',
  explanation: 'Calls.',
  columns: [
    { key: 'rate', title: 'calls/s', unit: 'count' },
    { key: 'p50Ms', title: 'p50', unit: 'ms' },
  ],
  baseline: 'peer',
}
const OURS = { workload: UNARY, contestant: 'ours', title: 'Ours' }
const PEER = { workload: UNARY, contestant: 'peer', title: 'The peer' }

test.each([
  [[3], 3],
  [[9, 1, 3], 3],
  [[4, 1, 2, 9], 3],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

test('the spread is relative to the median', () => {
  expect(spread([90, 110, 100])).toBeCloseTo(0.2)
})

test('a table has medians, the spread, and the ratio to the baseline', () => {
  const samples = [1_000, 3_000, 2_000].map((rate) => ({ rate, p50Ms: 1.5 }))
  const tables = tablesOf([
    { ...OURS, samples },
    { ...PEER, samples: [{ rate: 4_000, p50Ms: 20 }] },
  ])
  expect(tables.split('\n')).toEqual([
    '### Unary',
    '',
    'Calls.',
    '',
    '|          | calls/s | spread | × The peer |     p50 |',
    '| -------- | ------: | -----: | ---------: | ------: |',
    '| Ours     |   2,000 |  100 % |       0.50 | 1.50 ms |',
    '| The peer |   4,000 |    0 % |       1.00 |   20 ms |',
    '',
  ])
})

test('without its baseline a table has no ratio', () => {
  expect(tablesOf([{ ...OURS, samples: [{ rate: 1, p50Ms: 1 }] }])).toContain('|      | calls/s | spread |     p50 |')
})

test('tables replace the previous ones, and nothing else', () => {
  const page = 'before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n'
  const written = replaceBetween(page, 'bench', 'new\n')
  expect(written).toBe('before\n<!-- bench: begin -->\n\nnew\n\n<!-- bench: end -->\nafter\n')
  expect(replaceBetween(written, 'bench', 'new\n')).toBe(written)
})

test('the performance page has markers for the tables', () => {
  const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8')
  expect(replaceBetween(page, 'bench', 'these are new tables')).toContain('these are new tables')
})

test('a page without markers is left unchanged', () => {
  expect(() => replaceBetween('<!-- bench: end --> <!-- bench: begin -->', 'bench', 'new')).toThrow('the page has no')
})
