/** Messages with 64-bit integers in every position of a field, and a service that echoes them. */
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescMethod,
  fromJson,
  type JsonObject,
  type Message,
} from '@bufbuild/protobuf'
import type { GenMessage, GenService } from '@bufbuild/protobuf/codegenv2'
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
  Int64ValueSchema,
  StructSchema,
  UInt64ValueSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'

const WELL_KNOWN = [file_google_protobuf_any, file_google_protobuf_struct, file_google_protobuf_wrappers]

const NUMBERS = fromJson(FileDescriptorProtoSchema, {
  name: 'numbers/v1/numbers.proto',
  package: 'numbers.v1',
  syntax: 'proto3',
  dependency: WELL_KNOWN.map(({ proto }) => proto.name),
  messageType: [
    {
      name: 'Numbers',
      oneofDecl: [{ name: 'choice' }],
      nestedType: [
        mapEntry('ByNameEntry', 'TYPE_STRING', 'TYPE_INT64'),
        mapEntry('ByIdEntry', 'TYPE_INT64', 'TYPE_UINT64'),
      ],
      field: [
        scalar('i64', 1, 'TYPE_INT64'),
        scalar('u64', 2, 'TYPE_UINT64'),
        scalar('s64', 3, 'TYPE_SINT64'),
        scalar('f64', 4, 'TYPE_FIXED64'),
        scalar('sf64', 5, 'TYPE_SFIXED64'),
        { ...scalar('list', 6, 'TYPE_INT64'), label: 'LABEL_REPEATED' },
        { ...message('by_name', 7, '.numbers.v1.Numbers.ByNameEntry'), label: 'LABEL_REPEATED' },
        { ...message('by_id', 8, '.numbers.v1.Numbers.ByIdEntry'), label: 'LABEL_REPEATED' },
        { ...scalar('chosen', 9, 'TYPE_INT64'), oneofIndex: 0 },
        { ...scalar('text', 10, 'TYPE_STRING'), oneofIndex: 0 },
        message('child', 11, '.numbers.v1.Numbers'),
        { ...message('children', 12, '.numbers.v1.Numbers'), label: 'LABEL_REPEATED' },
        message('wrapped', 13, '.google.protobuf.Int64Value'),
        message('uwrapped', 14, '.google.protobuf.UInt64Value'),
        { ...message('wrappers', 15, '.google.protobuf.Int64Value'), label: 'LABEL_REPEATED' },
        message('any', 16, '.google.protobuf.Any'),
        message('struct', 17, '.google.protobuf.Struct'),
        message('value', 18, '.google.protobuf.Value'),
        scalar('ratio', 19, 'TYPE_DOUBLE'),
        scalar('i32', 20, 'TYPE_INT32'),
        message('extended', 21, '.numbers.v1.Extended'),
      ],
    },
  ],
  service: [
    {
      name: 'NumberService',
      method: [
        { ...method('Echo'), options: { idempotencyLevel: 'NO_SIDE_EFFECTS' } },
        { ...method('EchoAll'), clientStreaming: true, serverStreaming: true },
        { ...method('Repeat'), serverStreaming: true },
      ],
    },
  ],
})
NUMBERS.dependency.push('numbers/v1/extended.proto')

const EXTENDED = fromJson(FileDescriptorProtoSchema, {
  name: 'numbers/v1/extended.proto',
  package: 'numbers.v1',
  syntax: 'proto2',
  messageType: [{ name: 'Extended', extensionRange: [{ start: 100, end: 200 }] }],
  extension: [
    { ...scalar('more', 100, 'TYPE_UINT64'), extendee: '.numbers.v1.Extended' },
    { ...scalar('many', 101, 'TYPE_INT64'), extendee: '.numbers.v1.Extended', label: 'LABEL_REPEATED' },
  ],
})

const file = [...WELL_KNOWN.map(({ proto }) => proto), EXTENDED, NUMBERS]

/** The files, as `portico --descriptor-set` and reflection provide them. */
export const NUMBER_FILES = create(FileDescriptorSetSchema, { file })

const files = createFileRegistry(NUMBER_FILES)

/** An untyped message: tests read its JSON. */
export type Numbers = Message<'numbers.v1.Numbers'>

/** `numbers.v1.Numbers`. */
export const NumbersSchema = found(files.getMessage('numbers.v1.Numbers')) as GenMessage<Numbers>

/** `numbers.v1.NumberService`. */
export const NumberService = found(files.getService('numbers.v1.NumberService')) as GenService<{
  echo: MethodOf<'unary'>
  echoAll: MethodOf<'bidi_streaming'>
  repeat: MethodOf<'server_streaming'>
}>

interface MethodOf<Kind extends DescMethod['methodKind']> {
  methodKind: Kind
  input: typeof NumbersSchema
  output: typeof NumbersSchema
}

/** All types, for Any and extensions. */
export const NUMBER_TYPES = createRegistry(files, Int64ValueSchema, UInt64ValueSchema, StructSchema, ValueSchema)

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the number files lack a declaration')
  return value
}

function scalar(name: string, number: number, type: string): JsonObject {
  const jsonName = name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  return { name, jsonName, number, label: 'LABEL_OPTIONAL', type }
}

function message(name: string, number: number, typeName: string): JsonObject {
  return { ...scalar(name, number, 'TYPE_MESSAGE'), typeName }
}

function method(name: string): JsonObject {
  return { name, inputType: '.numbers.v1.Numbers', outputType: '.numbers.v1.Numbers' }
}

function mapEntry(name: string, keyType: string, valueType: string): JsonObject {
  return { name, field: [scalar('key', 1, keyType), scalar('value', 2, valueType)], options: { mapEntry: true } }
}
