import { expect, test } from 'vitest'
import { clipSentence, clipValue } from '../../../../wire/text/clip-text.ts'

test('a short text is unchanged', () => {
  expect(clipValue('x'.repeat(100))).toBe('x'.repeat(100))
  expect(clipSentence('x'.repeat(500))).toBe('x'.repeat(500))
})

test('a long text is its beginning, with the original length', () => {
  expect(clipValue('x'.repeat(4_000_000))).toBe(`${'x'.repeat(100)}... (4000000 characters)`)
  expect(clipSentence('x'.repeat(501))).toBe(`${'x'.repeat(500)}... (501 characters)`)
})

test('does not cut a character in half', () => {
  expect(clipValue('😀'.repeat(80)).isWellFormed()).toBe(true)
  expect(clipValue(`x${'😀'.repeat(80)}`).isWellFormed()).toBe(true)
})
