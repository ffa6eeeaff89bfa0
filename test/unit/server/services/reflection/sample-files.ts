/** A few files that hold every kind of declaration, and import each other in a diamond. */
import { create, createFileRegistry, type DescService, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const BASE = fromJson(FileDescriptorProtoSchema, {
  name: 'sample/base.proto',
  package: 'sample',
  messageType: [{ name: 'Base', extensionRange: [{ start: 100, end: 200 }] }, { name: 'Plain' }],
})

const LEFT = fromJson(FileDescriptorProtoSchema, {
  name: 'sample/left.proto',
  package: 'sample',
  dependency: ['sample/base.proto'],
  extension: [stringExtension('note', 120)],
})

const RIGHT = fromJson(FileDescriptorProtoSchema, {
  name: 'sample/right.proto',
  package: 'sample',
  dependency: ['sample/base.proto'],
  enumType: [{ name: 'Level', value: [{ name: 'LEVEL_NONE', number: 0 }] }],
})

const API = fromJson(FileDescriptorProtoSchema, {
  name: 'sample/api.proto',
  package: 'sample',
  dependency: ['sample/left.proto', 'sample/right.proto'],
  messageType: [
    {
      name: 'Request',
      field: [{ name: 'some_text', number: 1, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', oneofIndex: 0 }],
      oneofDecl: [{ name: 'choice' }],
      nestedType: [{ name: 'Inner' }],
      enumType: [{ name: 'Kind', value: [{ name: 'KIND_NONE', number: 0 }] }],
      extension: [stringExtension('inner_note', 101)],
    },
  ],
  service: [
    {
      name: 'Api',
      method: [{ name: 'Call', inputType: '.sample.Request', outputType: '.sample.Request', options: {} }],
    },
  ],
})

// An option that nothing here knows, as google.api.http is to most servers: field 72295728 with the text x.
for (const method of API.service[0]?.method ?? []) {
  if (method.options) method.options.$unknown = [{ no: 72_295_728, wireType: 2, data: new Uint8Array([1, 0x78]) }]
}

/** It imports a file that the service needs too, but the service does not need it. */
const HIDDEN = fromJson(FileDescriptorProtoSchema, {
  name: 'sample/hidden.proto',
  package: 'sample',
  dependency: ['sample/base.proto'],
  messageType: [{ name: 'Secret' }],
  extension: [stringExtension('secret_note', 199)],
})

/** The serialized files by name, as a compiler wrote them. */
export const SAMPLE_BYTES: ReadonlyMap<string, Uint8Array> = new Map(
  [BASE, LEFT, RIGHT, API, HIDDEN].map((file) => [file.name, toBinary(FileDescriptorProtoSchema, file)]),
)

/** The service `sample.Api`, from api.proto. */
export const SAMPLE_SERVICE = loadSampleService()

function loadSampleService(): DescService {
  const file = [...SAMPLE_BYTES.values()].map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
  const service = createFileRegistry(create(FileDescriptorSetSchema, { file })).getService('sample.Api')
  if (service === undefined) throw new Error('the sample files lack their service')
  return service
}

function stringExtension(name: string, number: number) {
  return { name, number, label: 'LABEL_OPTIONAL', type: 'TYPE_STRING', extendee: '.sample.Base' }
}
