/** Every test that docs/security.md names is there. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const NAMED = /`((?:unit|integration|property)\/[\w/-]+): ([^`]+)`/g

test('every row of the table names an existing test', async () => {
  const page = await readFile(path.join(ROOT, 'docs/security.md'), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (threat|---)/.test(line))
  expect(rows.length).toBeGreaterThan(50)
  const missing: string[] = []
  for (const row of rows) {
    const named = [...row.matchAll(NAMED)]
    if (named.length === 0) missing.push(`no test: ${row}`)
    for (const [, file = '', name = ''] of named) {
      const source = await readFile(path.join(ROOT, 'test', `${file}.test.ts`), 'utf8').catch(() => '')
      if (!source.replaceAll("\\'", "'").includes(name)) missing.push(`${file}: ${name}`)
    }
  }
  expect(missing).toEqual([])
})

test('every option of the table exists', async () => {
  const page = await readFile(path.join(ROOT, 'docs/security.md'), 'utf8')
  const [wire, port, client] = await Promise.all(
    ['wire/http2/options.ts', 'server/listen/one-port-options.ts', 'client/node/transport-options.ts'].map((file) =>
      readFile(path.join(ROOT, file), 'utf8'),
    ),
  )
  const isOption = (name = '') => [port, client].some((source) => source?.includes(`readonly ${name}?:`))
  const tuned = [...page.matchAll(/`http2\.(\w+)`/g)].map(([, name]) => name)
  expect(tuned.filter((name) => name !== 'NAME' && !wire?.includes(`readonly ${name}?:`))).toEqual([])
  const plain = [...page.matchAll(/`(\w+(?:Ms|Bytes|Fields|Streams|Connections))`(?!\*)/g)].map(([, name]) => name)
  expect(plain.filter((name) => !isOption(name))).toEqual([])
})
