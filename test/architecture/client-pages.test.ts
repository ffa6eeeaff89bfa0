/** The pages about the client name every option there is, and no other. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const FOLDER = 'docs/client'
const PAGES = readdirSync(path.join(ROOT, FOLDER)).map((name) => path.join(FOLDER, name))

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

/** The properties of an exported interface, without those that it extends. */
function propertiesOf(file: string, name: string): string[] {
  const [, body = ''] = new RegExp(`export interface ${name}\\b[^{]*\\{(.*?)^\\}`, 'ms').exec(read(file)) ?? []
  return Array.from(body.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, property = '']) => property)
}

const OPTIONS = [
  ...propertiesOf('client/node/channel-options.ts', 'ChannelOptions'),
  ...propertiesOf('client/node/transport-options.ts', 'TransportOptions'),
]

test('the first page lists every option', () => {
  const [, section = ''] = /^## Options\n(.*)/ms.exec(read('docs/client.md')) ?? []
  const listed = section.split('\n').flatMap((line) => {
    const [, cell = ''] = /^\| (`[^|]*) \|/.exec(line) ?? []
    return Array.from(cell.matchAll(/`(\w+)`/g), ([, name = '']) => name)
  })
  expect(listed.sort()).toEqual([...OPTIONS].sort())
})

test.each(OPTIONS)('%s is documented in a table', (option) => {
  const row = new RegExp(`^\\| [^|]*\`${option}(?:\\.\\w+)?\``, 'm')
  expect(PAGES.filter((page) => row.test(read(page)))).not.toEqual([])
})

test.each(PAGES)('the first page links to %s', (page) => {
  expect(read('docs/client.md')).toContain(`(client/${path.basename(page)})`)
})
