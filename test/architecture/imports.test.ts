import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  findFolderCycles,
  findForbiddenImports,
  findImportCycles,
  IMPORT_RULES,
  isOurs,
  ruleFor,
} from './import-rules.ts'
import { parseModule, readModules } from './source-module.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const MAX_LINES = 400
const WRITTEN = ['server', 'client', 'registry', 'wire', 'bin', 'console/app']
const modules = readModules([...WRITTEN, 'gen'])
const written = modules.filter(({ path }) => !path.startsWith('gen/'))

test('the scan finds the source files', () => {
  for (const folder of [...WRITTEN, 'gen']) expect(modules.some(({ path }) => path.startsWith(`${folder}/`))).toBe(true)
  const app = modules.find(({ path }) => path === 'server/app.ts')
  expect(app?.imports).toContainEqual({ target: 'server/plugin.ts', isTypeOnly: false })
})

test('modules import only what their area allows', () => {
  expect(findForbiddenImports(modules)).toEqual([])
})

test('there are no import cycles', () => {
  expect(findImportCycles(modules)).toEqual([])
})

test('there are no import cycles between folders, direct or indirect', () => {
  expect(findFolderCycles(modules)).toEqual([])
})

test('there are no default exports', () => {
  const modules = written.filter(({ path }) => path !== 'console/app/vite.config.ts')
  expect(modules.filter(({ hasDefaultExport }) => hasDefaultExport).map(({ path }) => path)).toEqual([])
})

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const longest = written.toSorted((a, b) => b.lineCount - a.lineCount)
  const list = longest.slice(0, 10).map(({ path, lineCount }) => `${lineCount} ${path}`)
  expect(longest[0]?.lineCount, `the longest files:\n${list.join('\n')}`).toBeLessThanOrEqual(MAX_LINES)
})

/** What the build puts into the published files. */
const NOT_INSTALLED = ['@connectrpc/connect-web', '@fastify/proxy-addr']

test('the published files need no development dependency', () => {
  const { peerDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const missing = written
    .filter(({ path }) => path !== 'client/web/bundle.ts' && !path.startsWith('console/app/'))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => !isOurs(target) && !target.startsWith('node:'))
        .map(({ target }) => ({ path, target })),
    )
    .filter(({ target }) => !NOT_INSTALLED.includes(target) && !(packageOf(target) in peerDependencies))
  expect(missing).toEqual([])
})

/** For each rule, a module that breaks it. */
const BREACHES: Readonly<Record<string, readonly [path: string, source: string]>> = {
  'gen/': ['gen/a_pb.js', `import { x } from '../wire/x.ts'`],
  'bin/': ['bin/launch.js', `import { x } from '../server/app.ts'`],
  'wire/': ['wire/a.ts', `import type { FastifyRequest } from 'fastify'`],
  'server/services/': ['server/services/a/a.ts', `import { x } from '../../rpc/x.ts'`],
  'server/admin/': ['server/admin/a.ts', `import { x } from '../services/x.ts'`],
  'server/auth/': ['server/auth/a.ts', `import { x } from '../listen/x.ts'`],
  'server/demo/': ['server/demo/a/a.ts', `import { x } from '../../app.ts'`],
  'server/demo/topics/': ['server/demo/topics/a.ts', `import { x } from '../../../gen/x_pb.js'`],
  'server/demo/page/': ['server/demo/page/a.ts', `import { x } from '../../../client/web/x.ts'`],
  'server/interceptors/': ['server/interceptors/a.ts', `import { x } from '../../wire/x.ts'`],
  'server/validation/': ['server/validation/x.ts', "import '../auth/y.ts'"],
  'server/rest/': ['server/rest/a.ts', `import { x } from '../plugin.ts'`],
  'server/limits/': ['server/limits/a.ts', `import { x } from '../plugin.ts'`],
  'server/files/': ['server/files/a.ts', `import '../listen/one-port.ts'`],
  'server/console/': ['server/console/a.ts', `import '../listen/one-port.ts'`],
  'server/openapi/': ['server/openapi/serve/a.ts', `import '../../listen/one-port.ts'`],
  'server/middleware/': ['server/middleware/a.ts', `import { x } from '../plugin.ts'`],
  'server/observing/': ['server/observing/a.ts', `import { x } from '../rpc/x.ts'`],
  'server/rpc/': ['server/rpc/a.ts', `import { x } from '../listen/x.ts'`],
  'server/reference/': ['server/reference/a.ts', `import { x } from '../plugin.ts'`],
  'server/routed/': ['server/routed/a.ts', `import { x } from '../plugin.ts'`],
  'server/listen/': ['server/listen/a.ts', `import { x } from '../../gen/x_pb.js'`],
  'server/telemetry/': ['server/telemetry/a.ts', `export { x } from '../rpc/x.ts'`],
  'server/terminal/': ['server/terminal/a.ts', `import { x } from '../telemetry/x.ts'`],
  'server/lifecycle/': ['server/lifecycle/a.ts', `const x = await import('../app.ts')`],
  'server/config/': ['server/config/a.ts', `export type X = import('../plugin-options.ts').X`],
  'server/workers/contracts/': ['server/workers/contracts/a.ts', `import { x } from '../link/x.ts'`],
  'server/workers/': ['server/workers/a.ts', `import { x } from '../serve.ts'`],
  'server/registry/': ['server/registry/a.ts', `import { x } from '../../registry/etcd/x.ts'`],
  'server/registry-engines.ts': ['server/registry-engines.ts', `import { x } from '../client/node/x.ts'`],
  'registry/': ['registry/etcd/a.ts', `import type { X } from '../../server/app.ts'`],
  'registry/contracts/': ['registry/contracts/a.ts', `import { x } from '../../client/node/x.ts'`],
  'server/*': ['server/a.ts', `import { x } from '../client/core/x.ts'`],
  'client/core/': ['client/core/a.ts', `import { once } from 'node:events'`],
  'client/node/': ['client/node/a/a.ts', `import { x } from '../cli/x.ts'`],
  'client/node/contracts/': ['client/node/contracts/a.ts', `import { x } from '../channel/x.ts'`],
  'client/node/cli/': ['client/node/cli/a.ts', `import { x } from '../../../server/x.ts'`],
  'client/node/cli/commands/openapi.ts': [
    'client/node/cli/commands/openapi.ts',
    `import '../../../../server/rpc/x.ts'`,
  ],
  'client/demo/': ['client/demo/a.ts', `import { x } from '../node/x.ts'`],
  'client/web/': ['client/web/a.ts', `import '../node/x.ts'`],
  'client/web/page/': ['client/web/page/a.ts', `import { x } from '../../node/x.ts'`],
  'client/web/bundle.ts': ['client/web/bundle.ts', `import { x } from '../../server/x.ts'`],
  'console/app/': ['console/app/a.tsx', `import { x } from '../../server/x.ts'`],
  'console/app/vite.config.ts': ['console/app/vite.config.ts', `import { x } from '../../server/x.ts'`],
  'wire/console/': ['wire/console/a.ts', `import { x } from '../http2/x.ts'`],
  'wire/grpc-websockets/': ['wire/grpc-websockets/a.ts', `import { x } from 'node:buffer'`],
  'wire/options/': ['wire/options/a.ts', `import * as zlib from 'node:zlib'`],
  'wire/nats/': ['wire/nats/a.ts', `import { x } from '../http2/x.ts'`],
  'client/*': ['client/a.ts', `import { x } from 'portico/server'`],
}

test.each(IMPORT_RULES)('the rule for $area can fail', ({ area }) => {
  const [path, source] = BREACHES[area] ?? ['', '']
  expect(ruleFor(path)?.area).toBe(area)
  expect(findForbiddenImports([parseModule(path, source)])).toEqual([expect.stringContaining(`of ${area}: `)])
})

test.each([
  ['wire for types alone', 'server/interceptors/a.ts', `import type { X } from '../../wire/x.ts'`],
  ['the own area', 'server/services/a/a.ts', `import { x } from '../b/b.ts'`],
  ['Node in the build script of the page', 'client/web/bundle.ts', `import { x } from 'node:fs'`],
  ['anything in a comment', 'client/core/a.ts', `// import { x } from 'node:fs'\nexport const x = "import 'node:fs'"`],
])('allowed: %s', (_, path, source) => {
  expect(findForbiddenImports([parseModule(path, source)])).toEqual([])
})

test('a type imported from a namespace that also exports values counts as a value import', () => {
  const source = `import { x, type Y } from '../../wire/x.ts'`
  expect(findForbiddenImports([parseModule('server/interceptors/a.ts', source)])).toHaveLength(1)
})

test('a module in an unknown area needs a rule', () => {
  expect(findForbiddenImports([parseModule('server/new/a.ts', '')])).toEqual([
    'server/new/a.ts: no rule says what it may import',
  ])
})

test('finds cycles, also through type imports and re-exports', () => {
  const ring = [
    parseModule('wire/a.ts', `import { b } from './b.ts'`),
    parseModule('wire/b.ts', `export type { C } from './c.ts'`),
    parseModule('wire/c.ts', `import type { A } from './a.ts'`),
    parseModule('wire/d.ts', `import { a } from './a.ts'`),
  ]
  expect(findImportCycles(ring)).toEqual(['wire/a.ts -> wire/b.ts -> wire/c.ts -> wire/a.ts'])
  expect(findImportCycles(ring.slice(1))).toEqual([])
})

test('finds a cycle of folders whose modules form no cycle, and one between a folder and its subfolder', () => {
  const assembly = parseModule('client/node/a.ts', `import { b } from './b/b.ts'`)
  const child = parseModule('client/node/b/b.ts', `import type { C } from '../c/c.ts'`)
  const sibling = parseModule('client/node/c/c.ts', '')
  const back = parseModule('client/node/c/d.ts', `import type { E } from '../b/e.ts'`)
  const up = parseModule('client/node/b/e.ts', `import type { F } from '../f.ts'`)
  expect(findFolderCycles([assembly, child, sibling])).toEqual([])
  expect(findFolderCycles([child, sibling, back])).toEqual(['client/node/b -> client/node/c -> client/node/b'])
  expect(findFolderCycles([assembly, up])).toEqual(['client/node -> client/node/b -> client/node'])
})

test.each(['export default 1', 'export default class A {}', 'const a = 1\nexport { a as default }'])(
  'finds a default export: %s',
  (source) => expect(parseModule('wire/a.ts', source).hasDefaultExport).toBe(true),
)

test('counts lines as editors do', () => {
  expect(parseModule('wire/a.ts', 'const a = 1\nconst b = 2\n').lineCount).toBe(2)
  expect(parseModule('wire/a.ts', 'const a = 1\nconst b = 2').lineCount).toBe(2)
})

function packageOf(target: string): string {
  return target.split('/', target.startsWith('@') ? 2 : 1).join('/')
}

test('no source has syntax that Node 22 does not know', () => {
  const files = globSync('{server,client,wire,create,bin}/**/*.ts', { cwd: ROOT })
  const newer = /^\s*(?:await )?using \w+ =/m
  expect(files.length).toBeGreaterThan(300)
  expect(files.filter((file) => newer.test(readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([])
})
