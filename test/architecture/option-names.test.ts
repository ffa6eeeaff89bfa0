import { describe, expect, test } from 'vitest'
import { adviceOf, namesOf, TAKERS, UPSTREAM_OPTIONS } from '../support/option-names.ts'
import { readText } from '../support/pages/read-page.ts'
import { tableUnder } from '../support/pages/read-table.ts'

const PAGE = readText('docs/options-names.md')

describe.each(Object.entries(UPSTREAM_OPTIONS))('%s', (heading, declarations) => {
  const { columns, rows } = optionsUnder(heading)

  test('the table has a row for each declared option, and no others', () => {
    expect(rows.map(({ option }) => option)).toEqual(namesOf(declarations))
  })

  test('its columns are our own functions', () => {
    expect(columns.length).toBeGreaterThan(0)
    expect(columns.filter((column) => TAKERS[column] === undefined)).toEqual([])
  })

  test.each(rows)('$option is accepted, or rejected with the error of the table', async ({ option, cells }) => {
    const advice = await Promise.all(columns.map((column) => adviceOf(column, option)))
    expect(advice).toEqual(cells)
    expect(advice).not.toContain('')
  })
})

test('the scan recognizes every form of option declaration that the code uses', () => {
  const [declarations] = Object.values(UPSTREAM_OPTIONS)
  expect(namesOf(declarations ?? [])).toEqual(
    expect.arrayContaining(['baseUrl', 'httpVersion', 'pingIntervalMs', 'fetch']),
  )
  expect(() => namesOf([{ file: 'fastify/fastify.d.ts', types: ['NoSuchOptions'] }])).toThrow(
    'there is no NoSuchOptions',
  )
})

interface Row {
  readonly option: string
  readonly cells: readonly string[]
}

/** As plain text: the marks of code are left out. */
function optionsUnder(heading: string): { columns: readonly string[]; rows: readonly Row[] } {
  const [head = [], ...lines] = tableUnder(PAGE.replaceAll('`', ''), heading)
  return { columns: head.slice(1), rows: lines.map(([option = '', ...cells]) => ({ option, cells })) }
}
