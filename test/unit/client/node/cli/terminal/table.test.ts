import { expect, test } from 'vitest'
import { tableLines } from '../../../../../../client/node/cli/terminal/table.ts'

test('columns are as wide as their longest cell, and numbers are aligned to the right', () => {
  const rows = [
    ['1', 'a', ''],
    ['20', 'longer', 'x'],
    ['', 'b', ''],
  ]
  expect(tableLines(['ID', 'NAME', 'NOTE'], rows)).toEqual(['ID  NAME    NOTE', ' 1  a', '20  longer  x', '    b'])
})

test('lines are cut at the width', () => {
  expect(tableLines(['NAME'], [['abcdef']], 4)).toEqual(['NAME', 'abc…'])
})

test('control characters of a peer are escaped', () => {
  expect(tableLines(['NAME'], [['a\u001b[2Jb\nc']])).toEqual(['NAME', 'a\\u001b[2Jb\\u000ac'])
})
