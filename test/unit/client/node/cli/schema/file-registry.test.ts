import { create } from '@bufbuild/protobuf'
import {
  DescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { fileRegistryOf, missingTypeNames } from '../../../../../../client/node/cli/schema/file-registry.ts'
import { withJsonNames } from '../../../../../../client/node/cli/schema/read-descriptors.ts'
import { isStandIn } from '../../../../../../client/node/cli/schema/stand-in.ts'

/** Files with a message each that has a field of the message of each file that it imports. */
function files(imports: Readonly<Record<string, readonly string[]>>): Map<string, FileDescriptorProto> {
  const entries = Object.entries(imports).map(([name, dependency]) => {
    const field = dependency.map((other, index) => fieldOf(`to_${other}`, index + 1, `.M_${other}`))
    const messageType = [create(DescriptorProtoSchema, { name: `M_${name}`, field })]
    const file = create(FileDescriptorProtoSchema, {
      name,
      dependency: [...dependency],
      syntax: 'proto3',
      messageType,
    })
    return [name, file] as const
  })
  return new Map(entries)
}

function fieldOf(name: string, number: number, typeName: string, type: Type = Type.MESSAGE) {
  return create(FieldDescriptorProtoSchema, { name, number, typeName, type, label: Label.OPTIONAL })
}

function ownTypes(registry: Iterable<{ typeName: string }>): string[] {
  return Array.from(registry, ({ typeName }) => typeName)
    .filter((name) => !name.startsWith('google.'))
    .sort()
}

test.each([
  ['imports first', { c: [], b: ['c'], a: ['b', 'c'] }],
  ['imports last', { a: ['b', 'c'], b: ['c'], c: [] }],
  ['a diamond whose shared import is named first', { a: ['c', 'b'], b: ['c'], c: [] }],
])('%s', (_, imports) => {
  expect(ownTypes(fileRegistryOf(files(imports)))).toEqual(['M_a', 'M_b', 'M_c'])
})

test('handles long chains of imports', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`f${index}`, index === 0 ? [] : [`f${index - 1}`]]),
  )
  const all = files(Object.fromEntries(Object.entries(chain).reverse()))
  expect(ownTypes(fileRegistryOf(all))).toHaveLength(20_000)
})

test('finds a file by its types, whatever its name and import path', () => {
  const all = files({ a: ['b'], b: [] })
  for (const file of all.values()) if (file.name === 'b') file.name = 'other/b'
  expect(missingTypeNames(all)).toEqual([])
  expect(fileRegistryOf(all).getMessage('M_a')?.field.toB?.message?.file.proto.name).toBe('other/b')
})

test('an unused import may be missing', () => {
  const all = files({ a: [] })
  for (const file of all.values()) file.dependency.push('options.proto')
  expect(ownTypes(fileRegistryOf(all))).toEqual(['M_a'])
})

test('a message and an enum without definitions get placeholders', () => {
  const all = files({ a: ['b'] })
  all.get('a')?.messageType[0]?.field.push(fieldOf('color', 7, '.x.y.Color', Type.ENUM))
  const registry = fileRegistryOf(all)
  const message = registry.getMessage('M_b')
  const color = registry.getEnum('x.y.Color')
  expect([message && isStandIn(message), color && isStandIn(color)]).toEqual([true, true])
  expect(missingTypeNames(all)).toEqual(['M_b', 'x.y.Color'])
  expect(registry.getMessage('M_a')?.fields.map(({ message: type }) => type?.typeName)).toEqual(['M_b', undefined])
})

test('an import cycle loses the types that close it, and no others', () => {
  const registry = fileRegistryOf(files({ a: ['b', 'c'], b: ['a'], c: [] }))
  expect(registry.getMessage('M_a')?.fields.map(({ message }) => message && isStandIn(message))).toEqual([false, false])
  expect(registry.getMessage('M_b')?.fields.map(({ message }) => message && isStandIn(message))).toEqual([true])
})

test('well-known types are available, whether a server has them or not', () => {
  const registry = fileRegistryOf(new Map())
  expect(registry.getMessage('google.protobuf.Any')?.fields.map(({ jsonName }) => jsonName)).toEqual([
    'typeUrl',
    'value',
  ])
  expect(registry.getMessage('google.protobuf.FileDescriptorProto')).toBeDefined()
})

test('a name that is not a valid identifier is reported with its file', () => {
  const all = files({ a: [] })
  all.get('a')?.messageType.push(create(DescriptorProtoSchema, { name: 'b-c' }))
  expect(() => fileRegistryOf(all)).toThrow('invalid descriptors: a: invalid message name "b-c"')
})

test.each([
  ['name', 'name'],
  ['foo_bar', 'fooBar'],
  ['foo__bar', 'fooBar'],
  ['_foo', 'Foo'],
  ['foo_', 'foo'],
  ['foo_1_bar', 'foo1Bar'],
  ['Foo_Bar', 'FooBar'],
  ['fooBar', 'fooBar'],
])('the default JSON name of %s is %s', (name, jsonName) => {
  const nested = create(DescriptorProtoSchema, { name: 'N', field: [fieldOf(name, 1, '', Type.STRING)] })
  const outer = create(DescriptorProtoSchema, { name: 'M', nestedType: [nested] })
  const file = withJsonNames(create(FileDescriptorProtoSchema, { name: 'f', syntax: 'proto3', messageType: [outer] }))
  const registry = fileRegistryOf(new Map([['f', file]]))
  expect(registry.getMessage('M.N')?.fields[0]?.jsonName).toBe(jsonName)
})

test('an explicit JSON name is kept', () => {
  const field = fieldOf('a_b', 1, '', Type.STRING)
  field.jsonName = 'other'
  const messageType = [create(DescriptorProtoSchema, { name: 'M', field: [field] })]
  const file = withJsonNames(create(FileDescriptorProtoSchema, { name: 'f', syntax: 'proto3', messageType }))
  expect(fileRegistryOf(new Map([['f', file]])).getMessage('M')?.fields[0]?.jsonName).toBe('other')
})
