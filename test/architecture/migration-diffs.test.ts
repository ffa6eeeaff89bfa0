/** Migrating a Connect server takes new imports and new lines that create the server. The page shows both. */
import { expect, test } from 'vitest'
import { namesOf, UPSTREAM_OPTIONS } from '../support/option-names.ts'
import { readPage, readText } from '../support/pages/read-page.ts'

const PAGE = 'docs/migrating/connect.md'
const SERVER_LINE = /^(import |createServer\(|await serve\(|const server = fastify\(|await server\.register\()/

const files = new Map(
  readPage(PAGE).flatMap(({ kind, body, ...block }) =>
    'name' in block && kind === 'file' ? [[block.name, body]] : [],
  ),
)

test.each(['node', 'fastify'])('from %s, only imports and the lines of the server change', (from) => {
  const before = linesOf(`${from}-before.ts`)
  const after = linesOf(`${from}-after.ts`)
  const changed = [...before.filter((line) => !after.includes(line)), ...after.filter((line) => !before.includes(line))]
  expect(changed.join('\n')).toContain("'portico/server'")
  expect(changed.filter((line) => !SERVER_LINE.test(line))).toEqual([])
})

test.each(['node', 'fastify'])('from %s, the page shows the change, and calls both servers', (from) => {
  const commands = readPage(PAGE).flatMap((block) => (block.kind === 'commands' ? [block.body] : []))
  const at = commands.findIndex((body) => body.startsWith(`$ node ${from}-before.ts`))
  const [, before = '', diff = '', start = '', after = ''] = commands.slice(at, at + 5)
  expect(diff).toContain(`$ diff -U 9 ${from}-before.ts ${from}-after.ts\n`)
  expect(start).toBe(`$ node ${from}-after.ts\n`)
  expect(before).toMatch(/^\$ node client\.ts\nconnect: .+\ngrpc: .+\ngrpc-web: .+\n$/)
  expect(after.startsWith(before)).toBe(true)
})

test('options that the page explains are options of Connect', () => {
  const section =
    readText(PAGE)
      .split(/^## /m)
      .find((text) => text.startsWith('Options\n')) ?? ''
  const explained = Array.from(section.matchAll(/^\| `(\w+)`/gm), ([, name = '']) => name)
  const known = namesOf(UPSTREAM_OPTIONS['Servers: Connect'] ?? [])
  expect(explained.length).toBeGreaterThan(3)
  expect(explained.filter((name) => !known.includes(name))).toEqual([])
})

function linesOf(name: string): readonly string[] {
  return (files.get(name) ?? '').split('\n')
}
