/** Every block of code on a page is run, or written to disk for others that run, or states why not. */
import { expect, test } from 'vitest'
import { matchesOutput } from '../support/pages/match-output.ts'
import { allPages, readCommands, readPage } from '../support/pages/read-page.ts'

/** How many blocks of all pages may be left out. Raise it only for what cannot run on a developer's machine. */
const MOST_LEFT = 20

test('only a few code blocks are not run', () => {
  const left = allPages().flatMap((page) =>
    readPage(page).flatMap((block) => (block.kind === 'left' ? [`${page}, ${block.title}: ${block.reason}`] : [])),
  )
  expect(left.slice(MOST_LEFT)).toEqual([])
})

test('no program has syntax that only newer versions of Node know', () => {
  const newer = /^\s*(?:await )?using \w+ =/m
  const found = allPages().filter((page) =>
    readPage(page).some(({ language, body }) => language === 'ts' && newer.test(body)),
  )
  expect(found).toEqual([])
})

test.each([
  ['```ts\nlet a\n```\n', 'a program needs a block of text behind it'],
  ['```json\n{}\n```\n', 'nothing checks this block (json)'],
  ['```\nplain\n```\n', 'nothing checks this block (no language)'],
  ['```ts\nlet a\n```\n\n<!-- not run: it is a drawing -->\n\n```text\nb\n```\n', 'a program needs a block of text'],
])('finds a block that nothing checks: %j', (text, error) => {
  expect(() => readPage('page.md', text)).toThrow(error)
})

test('parses what each block is for', () => {
  const text = [
    '# One\n```ts\nconsole.log(1)\n```\nprints\n```text\n1\n```',
    '## Two\n```ts a.ts\nlet a\n```\n```console background\n$ node a.ts\n```',
    '<!-- not run: it needs a cluster -->\n```sh\nkubectl apply\n```\n',
  ].join('\n')
  expect(readPage('page.md', text)).toMatchObject([
    { kind: 'program', title: 'One', name: '', body: 'console.log(1)\n', printed: '1\n' },
    { kind: 'file', title: 'Two', name: 'a.ts' },
    { kind: 'commands', serverPort: '8080' },
    { kind: 'left', reason: 'it needs a cluster' },
  ])
})

test('parses commands with the output they print', () => {
  expect(readCommands('console', '$ one \\\n  two\nfirst\n\nsecond\n\n$ three\n')).toEqual([
    { line: 'one   two', shown: 'first\n\nsecond' },
    { line: 'three', shown: '' },
  ])
  expect(readCommands('sh', '# a remark\none\n\ntwo\n')).toEqual([
    { line: 'one', shown: '' },
    { line: 'two', shown: '' },
  ])
})

test.each([
  ['same\n', 'same', true],
  ['other', 'same', false],
  ['at 2026-11-28T21:00:00.000Z in 12.3 ms', 'at 2020-01-01T00:00:00Z in 1 ms', true],
  ['a\nb\nc\nd', 'a\n...\nd', true],
  ['a\nd', 'a\n...', true],
  ['a\n', 'a\n...', true],
  ['a\r\nb\r\n\r\nc', 'a\n...\nc', true],
  ['a\nb\nc', 'a\n...\nd', false],
  ['code 5, id 77', 'code 5, id ...', true],
  ['code 6, id 77', 'code 5, id ...', false],
])('output %j against %j', (printed, shown, matches) => {
  expect(matchesOutput(printed, shown)).toBe(matches)
})
