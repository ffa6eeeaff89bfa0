import { expect, test } from 'vitest'
import { clipSentence, clipValue } from '../../../../wire/text/clip-text.ts'

test('what is short stays as it is', () => {
  expect(clipValue('x'.repeat(100))).toBe('x'.repeat(100))
  expect(clipSentence('x'.repeat(500))).toBe('x'.repeat(500))
})

test('what is long is its beginning, and says how long it was', () => {
  expect(clipValue('x'.repeat(4_000_000))).toBe(`${'x'.repeat(100)}... (4000000 characters)`)
  expect(clipSentence('x'.repeat(501))).toBe(`${'x'.repeat(500)}... (501 characters)`)
})

test('no half of a character is left where it is cut', () => {
  expect(clipValue('😀'.repeat(80)).isWellFormed()).toBe(true)
  expect(clipValue(`x${'😀'.repeat(80)}`).isWellFormed()).toBe(true)
})
