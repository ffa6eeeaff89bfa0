/** The summary of the page about performance has the figures of its tables. */
import { expect, test } from 'vitest'
import { readText } from '../support/pages/read-page.ts'
import { anchorOf, tableUnder } from '../support/pages/read-table.ts'

const PAGE = readText('docs/performance.md')

/** The columns of the tables below, by the unit of a row of the summary. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  calls: ['calls per CPU second'],
  messages: ['messages per CPU second'],
  memory: ['each', 'process before'],
  'first answer': ['first answer'],
}

const [head = [], ...rows] = tableUnder(PAGE, 'Summary')

test('calls with fresh headers come first', () => {
  expect(rows[0]?.[0]).toContain('fresh headers on every call')
})

test.each(rows)('%s', (title, unit = '', ...figures) => {
  const anchor = /\(#([^)]+)\)/.exec(title ?? '')?.[1] ?? ''
  const heading = headings().find((text) => anchorOf(text) === anchor) ?? ''
  const [names = [], ...lines] = tableUnder(PAGE, heading)
  const taken = (COLUMNS[unit] ?? []).map((column) => {
    const at = names.indexOf(column)
    return head.slice(2).map((who) => lines.find(([name]) => name === laneOf(who))?.[at])
  })
  expect(taken).toContainEqual(figures)
})

function laneOf(who: string): string {
  return who === 'Portico' ? 'Portico, native lane' : who
}

function headings(): string[] {
  return Array.from(PAGE.matchAll(/^### (.*)$/gm), ([, heading = '']) => heading)
}
