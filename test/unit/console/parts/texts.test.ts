/** Values and comments as texts. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { firstSentence } from '../../../../console/app/parts/first-sentence.ts'
import { countOf, formatBytes, formatDate, formatDuration, formatTime } from '../../../../console/app/parts/format.ts'
import { proseBlocks, proseSpans } from '../../../../console/app/parts/prose-blocks.ts'
import { safeFileName } from '../../../../console/app/parts/safe-file-name.ts'
import { visibleRange } from '../../../../console/app/parts/visible-range.ts'

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '0.977 KiB'],
    [1_024, '1 KiB'],
    [1_567, '1.53 KiB'],
    [1_023_400, '999 KiB'],
    [1_023_900, '0.976 MiB'],
    [5 * 1024 ** 3, '5 GiB'],
  ])('bytes: %i is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([
    [0, '0 ms'],
    [0.4237, '0.424 ms'],
    [87.2, '87.2 ms'],
    [999.6, '1 s'],
    [1_250, '1.25 s'],
    [59_960, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [12_000_000, '3 h 20 min'],
    [-1_250, '-1.25 s'],
  ])('durations: %d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text)
  })

  test('counts and dates', () => {
    expect([countOf(1, 'method'), countOf(12_345, 'method'), countOf(2, 'entry', 'entries')]).toEqual([
      '1 method',
      '12,345 methods',
      '2 entries',
    ])
    expect(formatTime(new Date(2026, 2, 4, 5, 6, 7, 8))).toBe('05:06:07.008')
    expect(formatDate(new Date(2026, 2, 4, 5, 6))).toBe('2026-03-04 05:06')
  })
})

describe('prose', () => {
  it('has paragraphs, lists and indented code, whatever the padding', () => {
    const comment = ' One\n two.\n\n - first\n   goes on\n - second\n\n     code {\n       more\n\n 1. one\n 2) two\n'
    const blocks = [
      { kind: 'paragraph', text: 'One two.' },
      { kind: 'list', items: ['first goes on', 'second'] },
      { kind: 'code', text: 'code {\n  more' },
      { kind: 'list', items: ['one', 'two'] },
    ]
    expect(proseBlocks(comment)).toEqual(blocks)
    expect(proseBlocks(comment.replaceAll(/^ /gm, ''))).toEqual(blocks)
  })

  it('keeps markup as text', () => {
    expect(proseBlocks('<b>bold</b> [a](javascript:b)')).toEqual([
      { kind: 'paragraph', text: '<b>bold</b> [a](javascript:b)' },
    ])
  })

  it('has code in backquotes, and loses no character', () => {
    expect(proseSpans('a `b` c')).toEqual([
      { isCode: false, text: 'a ' },
      { isCode: true, text: 'b' },
      { isCode: false, text: ' c' },
    ])
    fc.assert(
      fc.property(fc.string(), (text) => {
        const joined = proseSpans(text).map((span) => (span.isCode ? `\`${span.text}\`` : span.text))
        expect(joined.join('')).toBe(text)
      }),
    )
  })

  it.each([
    ['', ''],
    [' Says hello. And more.', 'Says hello.'],
    [' Uses v1.2 of `it`\n and goes on\n\n Second paragraph.', 'Uses v1.2 of it and goes on'],
    ['問候。第二句。', '問候。'],
    ['x'.repeat(200), `${'x'.repeat(159)}…`],
    ['👩‍🚀 ok.', '👩‍🚀 ok.'],
  ])('is summed up in its first sentence: %j', (comment, sentence) => {
    expect(firstSentence(comment)).toBe(sentence)
  })
})

it('names files so that every file system takes them', () => {
  expect(safeFileName('a/b\\c:d?.json')).toBe('a-b-c-d-.json')
  expect(safeFileName('../../etc/passwd')).toBe('etc-passwd')
  expect(safeFileName(' \u202e ')).toBe('download')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      expect(safeFileName(name)).toMatch(/^[^\p{Cc}<>:"/\\|?*\s.-](?:[^\p{Cc}<>:"/\\|?*\s]*)$/u)
    }),
  )
})

it('draws the rows in sight, spare ones at both edges, and never more than there are', () => {
  const view = { topPx: 1_000, heightPx: 300, count: 10_000, rowHeightPx: 30, spareRows: 5 }
  expect(visibleRange(view)).toEqual({ first: 28, last: 49 })
  expect(visibleRange({ ...view, topPx: 0 })).toEqual({ first: 0, last: 15 })
  expect(visibleRange({ ...view, count: 0 })).toEqual({ first: 0, last: 0 })
  // The list has become shorter than it is scrolled.
  const { first, last } = visibleRange({ ...view, topPx: 200_000, count: 7 })
  expect(first).toBeLessThanOrEqual(last)
  expect(last).toBe(7)
})
