import { create } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { fileRegistryOf } from '../../../../../../client/node/cli/schema/file-registry.ts'

function files(imports: Readonly<Record<string, readonly string[]>>): Map<string, FileDescriptorProto> {
  return new Map(
    Object.entries(imports).map(([name, dependency]) => [
      name,
      create(FileDescriptorProtoSchema, {
        name,
        dependency: [...dependency],
        syntax: 'proto3',
        messageType: [{ name: `M_${name}` }],
      }),
    ]),
  )
}

test.each([
  ['imports first', { c: [], b: ['c'], a: ['b', 'c'] }],
  ['imports last', { a: ['b', 'c'], b: ['c'], c: [] }],
  ['a diamond whose shared import is named first', { a: ['c', 'b'], b: ['c'], c: [] }],
])('%s', (_, imports) => {
  const registry = fileRegistryOf(files(imports))
  expect([...registry].map((type) => type.typeName).sort()).toEqual(['M_a', 'M_b', 'M_c'])
})

test('a chain of imports may be long', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`f${index}`, index === 0 ? [] : [`f${index - 1}`]]),
  )
  expect([...fileRegistryOf(files(Object.fromEntries(Object.entries(chain).reverse())))]).toHaveLength(20_000)
})

test('an import that is missing is named with its importer', () => {
  expect(() => fileRegistryOf(files({ a: ['b'] }))).toThrow('b is missing, which a imports')
})

test('imports in a circle are not sound', () => {
  expect(() => fileRegistryOf(files({ a: ['b'], b: ['a'] }))).toThrow('the descriptors are not sound')
})
