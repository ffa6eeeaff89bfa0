/** The demo is built on the public entrances, and no entrance exports or loads any part of it. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { NODE_ENTRANCES, PUBLISHED_PROTOS, WEB_ENTRANCES } from '../pack/entrances.ts'
import { readModules } from './source-module.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DEMO = [
  'gen/greeter/',
  'gen/compat/',
  'server/demo',
  'server/main.ts',
  'client/demo/',
  'client/web/page/',
  'client/node/cli/',
]

const imports = new Map(
  readModules(['server', 'client', 'registry', 'wire', 'gen', 'bin']).map(({ path, imports }) => [
    path,
    imports.map(({ target }) => target),
  ]),
)
const ENTRANCES = globSync('{server,client,registry}/**/public.ts', { cwd: ROOT })

/** The direct and indirect imports of a module, each with its importer. Includes imports of types. */
function reachedFrom(start: string): Map<string, string> {
  const reached = new Map([[start, '']])
  for (const module of reached.keys()) {
    for (const target of imports.get(module) ?? []) if (!reached.has(target)) reached.set(target, module)
  }
  return reached
}

test('every entry point of the package is checked', () => {
  const { exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const published = { ...NODE_ENTRANCES, ...WEB_ENTRANCES }
  expect(Object.values(published).sort()).toEqual(ENTRANCES.toSorted())
  for (const name of Object.keys(published)) {
    expect(exports[`./${name}`]).toEqual({ types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` })
  }
  for (const name of PUBLISHED_PROTOS) {
    expect(exports[`./${name.replace('portico/', '')}.proto`]).toBe(`./dist/proto/${name}.proto`)
    const generated = `./dist/gen/${name}_pb`
    expect(exports[`./gen/${name}_pb.js`]).toEqual({ types: `${generated}.d.ts`, default: `${generated}.js` })
  }
  const count = Object.keys(published).length + 2 * PUBLISHED_PROTOS.length
  expect(Object.keys(exports)).toHaveLength(count + 1)
})

test.each(ENTRANCES)('%s imports nothing of the demo', (entrance) => {
  const reached = [...reachedFrom(entrance)]
  expect(reached.length).toBeGreaterThan(5)
  const demo = reached.filter(([module]) => DEMO.some((prefix) => module.startsWith(prefix)))
  expect(demo.map(([module, importer]) => `${importer} imports ${module}`)).toEqual([])
})

test('the portico program works with any server and imports nothing of the demo', () => {
  const reached = [...reachedFrom('client/node/cli/main.ts').keys()]
  expect(reached.length).toBeGreaterThan(50)
  const demo = DEMO.map((prefix) => (prefix === 'client/node/cli/' ? 'client/node/cli/greeter/' : prefix))
  expect(reached.filter((module) => demo.some((prefix) => module.startsWith(prefix)))).toEqual([])
})

test('an import of the demo is detected', () => {
  expect([...reachedFrom('server/demo.ts').keys()]).toEqual(expect.arrayContaining(['server/demo/topics/topic-hub.ts']))
  expect([...reachedFrom('client/web/page/main.ts').keys()]).toContain('gen/greeter/v1/greeter_pb.js')
})
