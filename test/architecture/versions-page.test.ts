/** The page about versions has the ranges of the package. */
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { readText } from '../support/pages/read-page.ts'

const rows = Array.from(
  readText('docs/versions.md').matchAll(/^\| (.+?) \| (.+?) \| /gm),
  ([, what = '', range = '']) => ({
    names: Array.from(what.matchAll(/`([^`]+)`/g), ([, name = '']) => name),
    range: range.replaceAll('`', '').replaceAll('\\|', '|'),
    what,
  }),
)

test('each peer dependency has its range', () => {
  const ranges = rows.flatMap(({ names, range }) => names.map((name) => [name, range]))
  expect(Object.fromEntries(ranges)).toEqual(manifest.peerDependencies)
})

test('Node has the range of the package', () => {
  const range = rows.find(({ what }) => what === 'Node')?.range ?? ''
  expect(`>=${range.replace(' or newer', '')}`).toBe(manifest.engines.node)
})
