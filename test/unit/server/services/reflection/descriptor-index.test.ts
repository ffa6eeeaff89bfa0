import { create, createFileRegistry, fromJson } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../../../../gen/health/v1/health_pb.js'
import { DescriptorIndex, withImports } from '../../../../../server/services/reflection/descriptor-index.ts'
import { SAMPLE_BYTES, SAMPLE_SERVICE } from './sample-files.ts'

const index = new DescriptorIndex([SAMPLE_SERVICE])

test('services are listed sorted and once, in any order of registration', () => {
  const services = [SAMPLE_SERVICE, Health, GreeterService, Health]
  expect(new DescriptorIndex(services).serviceNames).toEqual([
    'greeter.v1.GreeterService',
    'grpc.health.v1.Health',
    'sample.Api',
  ])
})

const SYMBOLS = [
  ['a service', 'sample.Api', 'sample/api.proto'],
  ['a method', 'sample.Api.Call', 'sample/api.proto'],
  ['a message', 'sample.Request', 'sample/api.proto'],
  ['a nested message', 'sample.Request.Inner', 'sample/api.proto'],
  ['a field, by its name in the source', 'sample.Request.some_text', 'sample/api.proto'],
  ['a oneof', 'sample.Request.choice', 'sample/api.proto'],
  ['a nested enum', 'sample.Request.Kind', 'sample/api.proto'],
  ['the value of a nested enum', 'sample.Request.KIND_NONE', 'sample/api.proto'],
  ['a nested extension', 'sample.Request.inner_note', 'sample/api.proto'],
  ['an extension', 'sample.note', 'sample/left.proto'],
  ['an enum', 'sample.Level', 'sample/right.proto'],
  ['the value of an enum', 'sample.LEVEL_NONE', 'sample/right.proto'],
  ['a message of an indirect import', 'sample.Base', 'sample/base.proto'],
] as const

test.each(SYMBOLS)('finds %s: %s', (_kind, symbol, file) => {
  expect(index.findSymbol(symbol)?.proto.name).toBe(file)
})

test.each([
  ['a leading dot', '.sample.Request'],
  ['a package', 'sample'],
  ['an unqualified name', 'Request'],
  ['a field by its JSON name', 'sample.Request.someText'],
  ['an enum value below its enum', 'sample.Level.LEVEL_NONE'],
  ['a name that every object has', 'constructor'],
  ['nothing', ''],
  ['a file that no service needs', 'sample.Secret'],
])('does not find %s: %s', (_kind, symbol) => {
  expect(index.findSymbol(symbol)).toBeUndefined()
})

test('finds files by their full name, if a service needs them', () => {
  expect(index.findFile('sample/base.proto')?.proto.package).toBe('sample')
  expect(index.findFile('sample/base')).toBeUndefined()
  expect(index.findFile('sample/hidden.proto')).toBeUndefined()
})

test('finds extensions by message and number, if a service needs their file', () => {
  expect(index.findExtension('sample.Base', 120)?.proto.name).toBe('sample/left.proto')
  expect(index.findExtension('sample.Base', 101)?.proto.name).toBe('sample/api.proto')
  expect(index.findExtension('sample.Base', 199)).toBeUndefined()
  expect(index.findExtension('sample.Plain', 120)).toBeUndefined()
})

test('extension numbers ascend; a message without any differs from an unknown one', () => {
  expect(index.extensionNumbers('sample.Base')).toEqual([101, 120])
  expect(index.extensionNumbers('sample.Plain')).toEqual([])
  expect(index.extensionNumbers('sample.Level')).toBeUndefined()
  expect(index.extensionNumbers('sample.Secret')).toBeUndefined()
})

test('imports come breadth first, each once', () => {
  expect(Array.from(withImports([SAMPLE_SERVICE.file]), (file) => file.proto.name)).toEqual([
    'sample/api.proto',
    'sample/left.proto',
    'sample/right.proto',
    'sample/base.proto',
  ])
})

test('a file is serialized as compiled, including unknown options, and only once', () => {
  const bytes = index.serialize(SAMPLE_SERVICE.file)
  expect(bytes).toEqual(SAMPLE_BYTES.get('sample/api.proto'))
  expect(Buffer.from(bytes).includes(Buffer.from([1, 0x78]))).toBe(true)
  expect(index.serialize(SAMPLE_SERVICE.file)).toBe(bytes)
})

test('of two files with one name, the first is found by name, and both by their declarations', () => {
  const [first, second] = ['First', 'Second'].map((name) => {
    const file = [fromJson(FileDescriptorProtoSchema, { name: 'same.proto', service: [{ name }] })]
    return [...createFileRegistry(create(FileDescriptorSetSchema, { file }))].find((type) => type.kind === 'service')
  })
  if (first === undefined || second === undefined) throw new Error('the files lack their services')
  const twins = new DescriptorIndex([first, second])
  expect(twins.findFile('same.proto')).toBe(first.file)
  expect(twins.findSymbol('Second')).toBe(second.file)
})
