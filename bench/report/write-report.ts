/** Saves the results: all of them as JSON, and those of a complete run in docs/performance.md. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plan, Result } from '../workload.ts'
import type { Machine } from './machine.ts'
import { table } from './table.ts'
import { tablesOf } from './tables.ts'

/** A run. */
export interface Run {
  readonly machine: Machine
  readonly plan: Plan
  readonly results: readonly Result[]
}

const RESULTS = path.resolve(import.meta.dirname, '../results')
const PAGE = path.resolve(import.meta.dirname, '../../docs/performance.md')

/** Writes everything that was measured, and returns the path of the file. */
export async function writeRaw({ machine, plan, results }: Run): Promise<string> {
  await mkdir(RESULTS, { recursive: true })
  const file = path.join(RESULTS, `${new Date().toISOString().replaceAll(':', '-')}.json`)
  const rows = results.map(({ workload, contestant, samples }) => ({ workload: workload.name, contestant, samples }))
  await writeFile(file, `${JSON.stringify({ machine, plan, results: rows }, null, 2)}\n`)
  return file
}

/** Writes the page's tables, and returns its path. */
export async function writePage(run: Run): Promise<string> {
  await writeFile(PAGE, replaceBetween(await readFile(PAGE, 'utf8'), 'bench', reportOf(run)))
  return PAGE
}

/** The report as Markdown: the environment, then the tables. */
export function reportOf({ machine, plan, results }: Run): string {
  const facts = Object.entries(machine)
  return [
    `Medians; rounds: ${plan.rounds}, of ${plan.seconds} s for each measurement. Spread is the largest less the smallest value,`,
    'as a share of the median.',
    '',
    table(['measured on', ''], facts),
    '',
    tablesOf(results),
  ].join('\n')
}

/**
 * Replaces the text between the two markers of a name: `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
 *
 * @throws Error when the page has no such markers
 */
export function replaceBetween(page: string, name: string, text: string): string {
  const [beginMark, endMark] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const begin = page.indexOf(beginMark)
  const end = page.indexOf(endMark)
  if (begin < 0 || end < begin) throw new Error(`the page has no ${beginMark} before an ${endMark}`)
  return `${page.slice(0, begin + beginMark.length)}\n\n${text.trim()}\n\n${page.slice(end)}`
}
