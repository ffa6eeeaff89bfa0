/** How the client program handles the reflection of servers in other languages. */
import { create, createFileRegistry, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import { expect, onTestFinished, test } from 'vitest'
import { ServerReflection as V1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js'
import { type ForeignReflection, serveForeignReflection } from '../support/foreign-reflection.ts'
import { startNativeServer } from '../support/native-server.ts'
import { compileProtos } from '../support/proto-schema.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const files = compileProtos({
  'shop.proto': `
    syntax = "proto3";
    package acme;
    import "google/protobuf/any.proto";
    import "google/protobuf/timestamp.proto";
    import "options.proto";
    import "item.proto";
    import "old.proto";
    service Shop {
      rpc Buy(Order) returns (Order) { option (acme.level) = 3; }
      rpc Fail(Order) returns (Order);
    }
    message Order {
      string order_id = 1;
      repeated Item order_items = 2;
      google.protobuf.Any extra_data = 3;
      google.protobuf.Timestamp placed_at = 4;
      Old old_part = 5;
    }`,
  'item.proto': `
    syntax = "proto3";
    package acme;
    message Item { int64 item_count = 1; Color item_color = 2; }
    enum Color { GREY = 0; RED = 1; }`,
  'options.proto': `
    syntax = "proto3";
    package acme;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.MethodOptions { int32 level = 50000; }`,
  'old.proto': 'syntax = "proto2"; package acme; message Old { optional int32 old_id = 1; extensions 100 to 199; }',
  'note.proto': 'syntax = "proto2"; package acme; import "old.proto"; extend Old { optional string note = 100; }',
  'detail.proto': `
    syntax = "proto3";
    package acme;
    import "google/protobuf/any.proto";
    message Detail { string detail_text = 1; google.protobuf.Any deeper_detail = 2; }`,
  'deepest.proto': 'syntax = "proto3"; package acme; message Deepest { uint64 deepest_id = 1; }',
})
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }))

const DETAIL = {
  '@type': 'type.googleapis.com/acme.Detail',
  detailText: 'why',
  deeperDetail: { '@type': 'type.googleapis.com/acme.Deepest', deepestId: '18446744073709551615' },
}
const ORDER = {
  orderId: 'a',
  orderItems: [{ itemCount: '9007199254740993', itemColor: 'RED' }],
  extraData: DETAIL,
  placedAt: '2026-01-02T03:04:05Z',
  oldPart: { oldId: 1, '[acme.note]': 'x' },
}

/** A shop that echoes orders, and fails with an error that has details. */
async function startShop(reflection: Omit<ForeignReflection, 'files'> = {}, shown = files) {
  const service = registry.getService('acme.Shop')
  const detail = registry.getMessage('acme.Detail')
  if (service === undefined || detail === undefined) throw new Error('the test has no such types')
  const { '@type': _, ...detailJson } = DETAIL
  let asked: string[] = []
  const server = await startNativeServer((router) => {
    asked = serveForeignReflection(router, { files: shown, ...reflection })
    const implementation: object = {
      buy: (order: unknown) => order,
      fail() {
        const error = new ConnectError('no', Code.Aborted)
        const value = toBinary(detail, fromJson(detail, detailJson as JsonValue, { registry }))
        error.details = [{ type: 'acme.Detail', value }]
        throw error
      },
    }
    router.service(service, implementation as ServiceImpl<typeof service>)
  })
  onTestFinished(() => server.close())
  return { origin: server.origin, asked }
}

const buy = (origin: string, order: unknown = ORDER, ...flags: string[]) =>
  runInProcess(['call', origin, 'acme.Shop/Buy', '-d', JSON.stringify(order), ...flags])

/** The order as it is read back, and nothing on standard error. */
async function expectOrder(origin: string): Promise<void> {
  const { code, stdout, stderr } = await buy(origin)
  expect([stderr, code]).toEqual(['', 0])
  expect(JSON.parse(stdout)).toEqual(ORDER)
}

const before = (one: FileDescriptorProto, all: readonly FileDescriptorProto[]) => [
  ...all.slice(0, all.indexOf(one) + 1),
]

test.each<[string, Omit<ForeignReflection, 'files'>]>([
  ['file by file', {}],
  ['only v1alpha', { version: V1Alpha }],
  ['all that a file needs, imports first', { answer: before }],
  ['all that a file needs, imports last', { answer: (one, all) => before(one, all).reverse() }],
  ['everything twice', { answer: (one, all) => [one, ...all, ...all] }],
  ['without the import that only carries options', { hidden: ['options.proto'] }],
  ['without the well-known types', { hidden: ['google/protobuf/any.proto', 'google/protobuf/timestamp.proto'] }],
  ['imports that it knows only by their symbols', { hidden: ['item.proto', 'old.proto'] }],
  ['calls that fail for what it does not have', { hidden: ['options.proto'], failsCalls: true }],
])('descriptors without JSON names, Anys and extensions: %s', async (_, reflection) => {
  await expectOrder((await startShop(reflection)).origin)
})

test('replaces a missing file by a placeholder that has only a name', async () => {
  const placeholder = (one: FileDescriptorProto): FileDescriptorProto[] => {
    const { $typeName, ...rest } = one
    return one.name === 'options.proto' ? [{ ...one, extension: [], dependency: [] }] : [{ $typeName, ...rest }]
  }
  await expectOrder((await startShop({ answer: placeholder })).origin)
})

test('requests a type once, however many messages use it, also if it is missing', async () => {
  const { origin, asked } = await startShop({ hidden: ['acme.Detail'] })
  const raw = { extraData: { '@type': 'x/acme.Detail', '@value': 'CgF4' } }
  expect(JSON.parse((await buy(origin, raw)).stdout)).toEqual(raw)
  expect(asked.filter((what) => what === 'acme.Detail')).toHaveLength(1)
})

test('rejects a request with an Any of unknown type, and shows the accepted form', async () => {
  const { origin } = await startShop({ hidden: ['acme.Detail'] })
  const { code, stderr } = await buy(origin)
  expect(code).toBe(1)
  expect(stderr).toBe(
    'error: data: the type acme.Detail is not in the schema: give its bytes, as {"@type": "type.googleapis.com/acme.Detail", "@value": "BASE64"}\n',
  )
})

test('shows a field of unknown type in base64 with a warning, and accepts that form', async () => {
  const { origin } = await startShop({ hidden: ['item.proto', 'acme.Item'] })
  const order = { orderId: 'a', orderItems: ['CAc='] }
  const { code, stdout, stderr } = await buy(origin, order)
  expect([code, JSON.parse(stdout)]).toEqual([0, order])
  expect(stderr).toBe('warning: the type acme.Item is not in the schema: it is shown in base64\n')
})

test('names the missing request type of a method', async () => {
  const [shop, ...others] = [...files].sort((a) => (a.name === 'shop.proto' ? -1 : 1))
  if (shop === undefined) throw new Error('the test has no shop')
  const moved = { ...shop, messageType: [] }
  const { origin } = await startShop({}, [Object.assign(Object.create(Object.getPrototypeOf(shop)), moved), ...others])
  const { code, stderr } = await buy(origin)
  expect(code).toBe(1)
  expect(stderr).toBe('error: acme.Shop/Buy needs the type acme.Order, which the schema does not have\n')
})

test('warns about fields that the schema lacks', async () => {
  const { origin } = await startShop(
    {},
    files.filter(({ name }) => name !== 'note.proto'),
  )
  const old = { '@type': 'x/acme.Old', '@value': 'CAGiBgF4mAkB' }
  const { code, stdout, stderr } = await buy(origin, { extraData: old })
  expect([code, JSON.parse(stdout)]).toEqual([0, { extraData: { '@type': 'x/acme.Old', oldId: 1 } }])
  expect(stderr).toBe('warning: acme.Old has fields that are not in the schema, and are not shown: 100, 147\n')
})

test('decodes error details, and the Anys nested in them', async () => {
  const { origin } = await startShop()
  const { code, stderr } = await runInProcess(['call', origin, 'acme.Shop/Fail'])
  expect(code).toBe(64 + Code.Aborted)
  const { '@type': _, ...detail } = DETAIL
  const [error, line = ''] = stderr.split('\n')
  expect(error).toBe('error: aborted (10): no')
  expect(line.startsWith('detail: acme.Detail ')).toBe(true)
  expect(JSON.parse(line.slice('detail: acme.Detail '.length))).toEqual(detail)
})

test('combines files and reflection', async () => {
  const { origin } = await startShop({ hidden: ['acme.Shop', 'shop.proto'] })
  const set = create(FileDescriptorSetSchema, { file: files.filter(({ name }) => /^(shop|item|old)/.test(name)) })
  const image = await temporaryFile('api.binpb', toBinary(FileDescriptorSetSchema, set))
  const { code, stdout, stderr } = await buy(origin, ORDER, '--descriptors', image)
  expect([stderr, code]).toEqual(['', 0])
  expect(JSON.parse(stdout)).toEqual(ORDER)
})

test('an error of reflection says what was requested', async () => {
  const { origin } = await startShop({ hidden: ['acme.Shop'], failsCalls: true })
  expect((await buy(origin)).stderr).toBe('error: unknown (2): no such thing, when asked for acme.Shop\n')
})
