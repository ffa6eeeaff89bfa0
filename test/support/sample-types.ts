/** Types with every kind of field, for tests of decoding costs, and a service for them. */
import {
  create,
  createFileRegistry,
  type DescExtension,
  type DescMessage,
  type DescService,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import {
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_struct,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>

const field = (name: string, number: number, type: Type, init: FieldInit = {}): FieldInit => ({
  label: Label.OPTIONAL,
  ...init,
  name,
  number,
  type,
})
const list = (name: string, number: number, type: Type, typeName?: string) =>
  field(name, number, type, { label: Label.REPEATED, ...(typeName !== undefined && { typeName }) })
const of = (typeName: string): FieldInit => ({ typeName })
const entry = (name: string, key: Type, value: Type, typeName?: string) => ({
  name,
  field: [field('key', 1, key), field('value', 2, value, typeName === undefined ? {} : of(typeName))],
  options: { mapEntry: true },
})

const current = create(FileDescriptorProtoSchema, {
  name: 'sample.proto',
  package: 'sample',
  syntax: 'proto3',
  dependency: ['google/protobuf/struct.proto', 'google/protobuf/any.proto'],
  messageType: [
    { name: 'Empty' },
    { name: 'Wide', field: Array.from({ length: 40 }, (_, index) => field(`text${index}`, index + 1, Type.STRING)) },
    {
      name: 'Sample',
      field: [
        field('name', 1, Type.STRING),
        list('empties', 2, Type.MESSAGE, '.sample.Empty'),
        list('wides', 3, Type.MESSAGE, '.sample.Wide'),
        list('flags', 4, Type.MESSAGE, '.sample.Sample.FlagsEntry'),
        list('texts', 5, Type.MESSAGE, '.sample.Sample.TextsEntry'),
        list('strings', 6, Type.STRING),
        list('blobs', 7, Type.BYTES),
        list('bools', 8, Type.BOOL),
        list('longs', 9, Type.INT64),
        field('struct', 10, Type.MESSAGE, of('.google.protobuf.Struct')),
        field('next', 11, Type.MESSAGE, of('.sample.Sample')),
        list('many', 12, Type.MESSAGE, '.sample.Sample'),
        list('fixed', 13, Type.FIXED32),
        field('note', 14, Type.STRING, { proto3Optional: true, oneofIndex: 1 }),
        field('text', 15, Type.STRING, { oneofIndex: 0 }),
        field('octets', 16, Type.BYTES, { oneofIndex: 0 }),
        list('children', 17, Type.MESSAGE, '.sample.Sample.ChildrenEntry'),
        list('values', 18, Type.MESSAGE, '.google.protobuf.Value'),
        list('details', 19, Type.MESSAGE, '.google.protobuf.Any'),
        list('balances', 20, Type.MESSAGE, '.sample.Sample.BalancesEntry'),
      ],
      oneofDecl: [{ name: 'choice' }, { name: '_note' }],
      nestedType: [
        entry('FlagsEntry', Type.INT32, Type.BOOL),
        entry('TextsEntry', Type.STRING, Type.STRING),
        entry('ChildrenEntry', Type.STRING, Type.MESSAGE, '.sample.Sample'),
        entry('BalancesEntry', Type.SINT64, Type.INT64),
      ],
    },
  ],
  service: [
    {
      name: 'Sampler',
      method: [
        { name: 'Keep', inputType: '.sample.Sample', outputType: '.sample.Sample' },
        {
          name: 'Chat',
          inputType: '.sample.Sample',
          outputType: '.sample.Sample',
          clientStreaming: true,
          serverStreaming: true,
        },
      ],
    },
  ],
})

/** With groups, and enums whose unknown values become unknown fields. */
const old = create(FileDescriptorProtoSchema, {
  name: 'old.proto',
  package: 'sample',
  syntax: 'proto2',
  enumType: [{ name: 'Kind', value: [{ name: 'ONE', number: 1 }] }],
  messageType: [
    {
      name: 'Old',
      field: [
        field('kind', 1, Type.ENUM, of('.sample.Kind')),
        list('item', 2, Type.GROUP, '.sample.Old.Item'),
        ...Array.from({ length: 20 }, (_, index) => field(`text${index}`, index + 3, Type.STRING)),
        list('olds', 30, Type.MESSAGE, '.sample.Old'),
      ],
      nestedType: [{ name: 'Item', field: [list('item', 1, Type.GROUP, '.sample.Old.Item')] }],
      extensionRange: [{ start: 100, end: 200 }],
    },
  ],
})

old.extension.push(
  create(FieldDescriptorProtoSchema, { ...list('olds', 100, Type.MESSAGE, '.sample.Old'), extendee: '.sample.Old' }),
)

const known = [file_google_protobuf_struct.proto, file_google_protobuf_any.proto]
const oldRegistry = createFileRegistry(old, () => undefined)
const registry = createFileRegistry(current, (name) => known.find((file) => file.name === name))

/** `sample.Sample`. */
export const Sample = messageOf(registry.getMessage('sample.Sample'))
/** `sample.Old`, of proto2. */
export const Old = messageOf(oldRegistry.getMessage('sample.Old'))
/** `sample.olds`: any number of `sample.Old` in one message. */
export const olds = extensionOf(oldRegistry.getExtension('sample.olds'))
/** `sample.Sampler`: `Keep` is unary, `Chat` bidirectional. */
export const Sampler = serviceOf(registry.getService('sample.Sampler'))

function messageOf(desc: DescMessage | undefined): DescMessage {
  if (desc === undefined) throw new Error('the sample has no such type')
  return desc
}

function extensionOf(desc: DescExtension | undefined): DescExtension {
  if (desc === undefined) throw new Error('the sample has no such extension')
  return desc
}

function serviceOf(desc: DescService | undefined): DescService {
  if (desc === undefined) throw new Error('the sample has no such service')
  return desc
}
