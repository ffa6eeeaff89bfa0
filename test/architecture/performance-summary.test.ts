/** The summary of the page about performance has the figures of its tables. */
import { expect, test } from 'vitest'
import { readText } from '../support/pages/read-page.ts'

const PAGE = readText('docs/performance.md')

/** The columns of the tables below, by the unit of a row of the summary. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  calls: ['calls per CPU second'],
  messages: ['messages per CPU second'],
  memory: ['each', 'process before'],
  'first answer': ['first answer'],
}

const [head = [], ...rows] = tableUnder('## Summary')

test('calls with fresh headers come first', () => {
  expect(rows[0]?.[0]).toContain('fresh headers on every call')
})

test.each(rows)('%s', (title, unit = '', ...figures) => {
  const anchor = /\(#([^)]+)\)/.exec(title ?? '')?.[1] ?? ''
  const heading = headings().find((text) => anchorOf(text) === anchor) ?? ''
  const [names = [], ...lines] = tableUnder(heading)
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
  return PAGE.split('\n').filter((line) => line.startsWith('### '))
}

function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .replaceAll(' ', '-')
}

/** The first table under a heading, with its head but without the line below that. */
function tableUnder(heading: string): string[][] {
  const at = PAGE.indexOf(`${heading}\n`)
  const lines = PAGE.slice(at < 0 ? PAGE.length : at)
    .replace(/^[^|]*/, '')
    .split(/\n(?!\|)/, 1)[0]
    ?.split('\n')
  const cells = (lines ?? []).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return cells.filter((_, index) => index !== 1)
}
