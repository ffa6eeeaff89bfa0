/** `portico openapi`: the document of an API, from a server or from files. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { startDemo } from '../support/demo-server.ts'
import { serveForeignReflection } from '../support/foreign-reflection.ts'
import { startNativeServer } from '../support/native-server.ts'
import { compileProtos } from '../support/proto-schema.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const GREETER = 'greeter.v1.GreeterService'
const IMAGE = 'gen/descriptors.binpb'
const NAMED = ['--title', 'Greeter', '--api-version', '1.2.3']

/** Runs the command, which succeeds. */
async function written(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(['openapi', ...args])
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

/** Removes what only comments say. */
function withoutDescriptions(text: string): unknown {
  return JSON.parse(text, (key, value) => (['description', 'summary'].includes(key) ? undefined : value))
}

test('a server and an image have the same document, and only the image has comments', async () => {
  const { origin } = await startDemo()
  const served = await written(origin, '--service', GREETER, ...NAMED)
  const read = await written('--descriptors', IMAGE, ...NAMED)
  expect(withoutDescriptions(served)).toEqual(withoutDescriptions(read))
  expect(JSON.parse(read)).toMatchObject({ openapi: '3.1.0', info: { title: 'Greeter', version: '1.2.3' } })
  expect(await written('--descriptors', IMAGE, ...NAMED)).toBe(read)
})

test('YAML and a file have the same document as JSON', async () => {
  const json = JSON.parse(await written('--descriptors', IMAGE))
  expect(parse(await written('--descriptors', IMAGE, '--format', 'yaml'))).toEqual(json)
  const folder = await temporaryFolder()
  for (const name of ['api.json', 'api.yaml', 'api.yml']) {
    const file = path.join(folder, name)
    expect(await written('--descriptors', IMAGE, '--output', file)).toBe('')
    const text = await readFile(file, 'utf8')
    expect(text.startsWith('{')).toBe(name === 'api.json')
    // YAML 1.2 includes JSON.
    expect(parse(text)).toEqual(json)
  }
})

test('protos are compiled with their comments, and flags choose what is described', async () => {
  const proto = await temporaryFile(
    'shop.proto',
    'syntax = "proto3"; package shop.v1;\n' +
      '// Sells things.\nservice B { rpc Get(Item) returns (Item); }\nservice A { rpc Get(Item) returns (Item); }\n' +
      'message Item { string id = 1; }',
  )
  const flags = ['--proto', proto, '--server-url', 'https://a.example', '--server-url', '/v2']
  const document = JSON.parse(await written(...flags, '--service', 'shop.v1.B', '--include', 'connect'))
  expect(document.servers).toEqual([{ url: 'https://a.example' }, { url: '/v2' }])
})

test('reflection with gaps has a document, which names what is missing', async () => {
  const files = compileProtos({
    'shop.proto':
      'syntax = "proto3"; package acme; import "item.proto"; service Shop { rpc Buy(Order) returns (Order); }' +
      ' message Order { string order_id = 1; Item first_item = 2; Order next = 3; }',
    'item.proto': 'syntax = "proto3"; package acme; message Item { int64 count = 1; }',
  })
  const server = await startNativeServer((router) => {
    serveForeignReflection(router, { files, hidden: ['item.proto', 'acme.Item'] })
  })
  onTestFinished(() => server.close())
  const { paths, components } = JSON.parse(await written(server.origin))
  expect(Object.keys(paths)).toEqual(['/acme.Shop/Buy'])
  expect(components.schemas['acme.Order'].properties).toMatchObject({ orderId: { type: 'string' }, firstItem: {} })
})

test.each(['json', 'yaml'])('what a peer names cannot control a terminal: %s', async (format) => {
  const [file] = compileProtos({
    'a.proto': 'syntax = "proto3"; package a; service S { rpc M(R) returns (R); } message R { string f = 1; }',
  })
  if (file === undefined) throw new Error('there is no file')
  const field = file.messageType[0]?.field[0]
  if (field !== undefined) field.jsonName = 'x\u009b2J\u001b[2J\u202e'
  const image = await temporaryFile(
    'image.binpb',
    toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] })),
  )
  const text = await written('--descriptors', image, '--format', format)
  expect(text).toContain('2J')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})

test.each([
  [['--descriptors', IMAGE, '--service', 'greeter.v1.greeterservice'], 1, `did you mean ${GREETER}?`],
  [['--descriptors', IMAGE, '--format', 'xml'], 2, 'unknown format "xml"; must be one of json, yaml'],
  [
    ['--descriptors', IMAGE, '--include', 'grpc'],
    2,
    'unknown protocol "grpc" of --include; must be one of rest, connect',
  ],
  [['--descriptors', IMAGE, 'localhost:8080'], 2, 'localhost:8080'],
  [['--descriptors', 'missing.binpb'], 1, 'missing.binpb cannot be read'],
  [['--descriptors', IMAGE, '--proto', 'a.proto'], 2, '--proto and --descriptors cannot be used together'],
  [
    ['--descriptors', IMAGE, '--output', 'no/such/folder/api.json'],
    1,
    'no/such/folder/api.json cannot be written: ENOENT',
  ],
  [[], 2, 'ADDRESS is missing'],
] as const)('%j exits with %i and says why', async (args, code, text) => {
  const result = await runInProcess(['openapi', ...args])
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toContain(text)
})
