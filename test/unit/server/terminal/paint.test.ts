import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { paintFor, usesColor } from '../../../../server/terminal/paint.ts'

test.each<[string, Record<string, string>, onTerminal: boolean, elsewhere: boolean]>([
  ['nothing is set', {}, true, false],
  ['NO_COLOR is set', { NO_COLOR: '1' }, false, false],
  ['NO_COLOR is any text', { NO_COLOR: 'false' }, false, false],
  ['NO_COLOR is empty', { NO_COLOR: '' }, true, false],
  ['FORCE_COLOR is set', { FORCE_COLOR: '1' }, true, true],
  ['FORCE_COLOR is true', { FORCE_COLOR: 'true' }, true, true],
  ['FORCE_COLOR is 0', { FORCE_COLOR: '0' }, false, false],
  ['FORCE_COLOR is false', { FORCE_COLOR: 'false' }, false, false],
  ['FORCE_COLOR is empty', { FORCE_COLOR: '' }, true, false],
  ['both are set', { FORCE_COLOR: '1', NO_COLOR: '1' }, true, true],
  ['both turn colours off', { FORCE_COLOR: '0', NO_COLOR: '1' }, false, false],
  ['the terminal is dumb', { TERM: 'dumb' }, false, false],
  ['the terminal is dumb and FORCE_COLOR is set', { TERM: 'dumb', FORCE_COLOR: '1' }, true, true],
])('when %s', (_, env, onTerminal, elsewhere) => {
  expect(usesColor({ env, isTerminal: true })).toBe(onTerminal)
  expect(usesColor({ env, isTerminal: false })).toBe(elsewhere)
})

test('colours wrap the text, whatever this process writes to', () => {
  const { red } = paintFor(true)
  expect(red('text')).not.toBe('text')
  expect(stripVTControlCharacters(red('text'))).toBe('text')
})

test('without colours text is unchanged', () => {
  for (const painter of Object.values(paintFor(false))) expect(painter('text')).toBe('text')
})
