/**
 * What an API costs by its size: `node bench/api-size/run.ts [METHODS [ROUNDS]]`, 12,000 methods and 3 rounds by default. Servers with
 * the same synthetic API take turns, each in a process of its own; the figures are medians beyond the descriptors, and their
 * ratios to those of Connect's Fastify plugin. The peak is that of the whole process.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { median } from '../report/statistics.ts'
import { table } from '../report/table.ts'
import type { ApiCost } from './measure.ts'

const BASELINE = 'connect-fastify'
const CONTESTANTS = ['portico', 'portico-bare', 'portico-reference', BASELINE]
const MIB = 1_048_576
const COLUMNS: readonly { readonly key: keyof ApiCost; readonly title: string; readonly unit: number }[] = [
  { key: 'startMs', title: 'start, ms', unit: 1 },
  { key: 'keptBytes', title: 'kept, MiB', unit: MIB },
  { key: 'peakBytes', title: 'peak of the process, MiB', unit: MIB },
]

const [methods = 12_000, rounds = 3] = process.argv.slice(2).map(Number)
for (const count of [methods, rounds]) {
  if (!Number.isInteger(count) || count < 1) throw new RangeError('METHODS and ROUNDS must be whole numbers from 1')
}
const samples = new Map(CONTESTANTS.map((name) => [name, [] as ApiCost[]]))
for (let round = 0; round < rounds; round++) {
  for (const [name, costs] of samples) costs.push(measure(name))
}
process.stdout.write(`${methods} methods\n${reportOf(samples)}\n`)

function measure(name: string): ApiCost {
  const args = ['--expose-gc', path.join(import.meta.dirname, 'measure.ts'), name, String(methods)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

function reportOf(all: ReadonlyMap<string, readonly ApiCost[]>): string {
  const rows = [...all.keys()].map((name) => [
    name,
    ...COLUMNS.flatMap(({ key, unit }) => {
      const value = medianOf(name, key)
      return [(value / unit).toFixed(0), (value / medianOf(BASELINE, key)).toFixed(2)]
    }),
  ])
  const heads = ['server', ...COLUMNS.flatMap(({ title }) => [title, `to ${BASELINE}`])]
  return table(heads, rows)
}

function medianOf(name: string, key: keyof ApiCost): number {
  return median((samples.get(name) ?? []).map((cost) => cost[key]))
}
