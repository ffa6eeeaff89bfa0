/** Descriptors that no compiler would like, and some that only pages dislike. */
import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import {
  Edition,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt'
import { declarationsOf } from '../../../server/openapi/comments/comments-of.ts'
import {
  enumField,
  type FieldInit,
  MAP_KEYS,
  type MapParts,
  type MessageInit,
  mapField,
  messageField,
  repeated,
  SCALARS,
  scalarField,
  typeText,
} from './descriptor-parts.ts'
import { COMMENTS, FIELD_NAMES, MARKUP } from './hostile-texts.ts'

type FileInit = Exclude<MessageInitShape<typeof FileDescriptorProtoSchema>, Message>

const PACKAGE = 'hostile.v1'
const EVERYTHING = `${PACKAGE}.Everything`
const { INT32, STRING, GROUP } = FieldDescriptorProto_Type

const WELL_KNOWN = [
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
]

const WELL_KNOWN_TYPES = WELL_KNOWN.flatMap(({ messages }) => messages.map(({ typeName }) => typeName))

/** How many methods the fixture has besides those of `hostile.v1.HostileService`. */
const HUGE_SERVICE_METHODS = 5_000
const SMALL_SERVICES = 50
const SMALL_SERVICE_METHODS = 100

/** All files, each after those that it imports. */
export function hostileFiles(): readonly FileDescriptorProto[] {
  return [...WELL_KNOWN.map(({ proto }) => proto), typesFile(), proto2File(), editionFile(), servicesFile(), manyFile()]
}

/** A field of each kind, alone, repeated, optional, in a oneof and as the value of maps. */
function everything(): MessageInit {
  const next = counter()
  const kinds: readonly FieldInit[] = [
    ...SCALARS.map((type) => scalarField(`a_${typeText(type)}`, 0, type)),
    enumField('an_enum', 0, `${PACKAGE}.Colour`),
    messageField('a_tree', 0, `${PACKAGE}.Tree`),
    ...WELL_KNOWN_TYPES.map((type) => messageField(`a_${type.split('.').at(-1)}`, 0, type)),
  ]
  const renamed = (prefix: string, more: FieldInit = {}) =>
    kinds.map((field) => ({ ...field, ...more, name: `${prefix}_${field.name}`, number: next() }))
  const optional = kinds.map((field, index) => ({
    ...field,
    name: `optional_${field.name}`,
    number: next(),
    proto3Optional: true,
    oneofIndex: index + 1,
  }))
  const maps: readonly MapParts[] = [
    ...MAP_KEYS.map((key) =>
      mapField(EVERYTHING, {
        name: `by_${typeText(key)}`,
        number: next(),
        key,
        value: scalarField('value', 2, STRING),
      }),
    ),
    ...kinds.map((value) => mapField(EVERYTHING, { name: `map_of_${value.name}`, number: next(), key: STRING, value })),
  ]
  return {
    name: 'Everything',
    field: [
      ...renamed('one'),
      ...renamed('many', { label: FieldDescriptorProto_Label.REPEATED }),
      ...renamed('choice', { oneofIndex: 0 }),
      ...optional,
      ...maps.map(({ field }) => field),
    ],
    nestedType: maps.map(({ entry }) => entry),
    // The oneofs of optional fields come last.
    oneofDecl: [{ name: 'choice' }, ...optional.map(({ name }) => ({ name: `_${name}` }))],
  }
}

function typesFile(): FileDescriptorProto {
  const self = (name: string) => `${PACKAGE}.${name}`
  return withComments({
    name: 'hostile/v1/types.proto',
    package: PACKAGE,
    syntax: 'proto3',
    dependency: WELL_KNOWN.map(({ proto }) => proto.name),
    messageType: [
      everything(),
      {
        name: 'Tree',
        field: [
          messageField('left', 1, self('Tree')),
          messageField('right', 2, self('Tree')),
          repeated(messageField('children', 3, self('Tree'))),
          mapField(self('Tree'), { name: 'named', number: 4, key: STRING, value: messageField('', 2, self('Tree')) })
            .field,
          scalarField('label', 5),
        ],
        nestedType: [
          mapField(self('Tree'), { name: 'named', number: 4, key: STRING, value: messageField('', 2, self('Tree')) })
            .entry,
        ],
      },
      { name: 'Ping', field: [messageField('pong', 1, self('Pong'))] },
      {
        name: 'Pong',
        field: [messageField('ping', 1, self('Ping'), { oneofIndex: 0 })],
        oneofDecl: [{ name: 'next' }],
      },
      { name: 'Wide', field: rows(1_000, (n) => scalarField(`field_number_${n}`, n, SCALARS[n % SCALARS.length])) },
      { name: 'Names', field: FIELD_NAMES.map((name, index) => scalarField(name, index + 1)) },
      {
        name: 'JsonNames',
        field: ['@type', '__proto__', ' ', MARKUP, 'ключ'].map((jsonName, index) =>
          scalarField(`field_${index}`, index + 1, STRING, { jsonName }),
        ),
      },
      { name: 'Chain0', field: [scalarField('end', 1)] },
      ...rows(100, (n) => ({ name: `Chain${n}`, field: [messageField('next', 1, self(`Chain${n - 1}`))] })),
      nested(50),
      {
        name: 'Old',
        options: { deprecated: true },
        field: [scalarField('older', 1, STRING, { options: { deprecated: true } })],
      },
      { name: 'Nothing' },
    ],
    enumType: [
      {
        name: 'Colour',
        options: { allowAlias: true },
        value: [
          { name: 'COLOUR_UNSPECIFIED', number: 0 },
          { name: '0_LEADING_DIGIT', number: 1 },
          { name: 'COLOUR_ALIAS', number: 1 },
          { name: 'constructor', number: 2 },
          { name: 'COLOUR_OLD', number: 2_147_483_647, options: { deprecated: true } },
          { name: 'COLOUR_NEGATIVE', number: -2_147_483_648 },
          ...rows(1_000, (n) => ({ name: `COLOUR_${n}`, number: n + 10 })),
        ],
      },
    ],
  })
}

/** Declarations in declarations. */
function nested(depth: number): MessageInit {
  const inner = depth === 0 ? [] : [nested(depth - 1)]
  return { name: `Level${depth}`, field: [scalarField('value', 1)], nestedType: inner }
}

function proto2File(): FileDescriptorProto {
  const { OPTIONAL, REQUIRED, REPEATED } = FieldDescriptorProto_Label
  const group = (name: string, number: number, label: FieldDescriptorProto_Label): FieldInit => ({
    name: name.toLowerCase(),
    number,
    label,
    type: GROUP,
    typeName: `.hostile.old.Old.${name}`,
  })
  return withComments({
    name: 'hostile/old.proto',
    package: 'hostile.old',
    syntax: 'proto2',
    messageType: [
      {
        name: 'Old',
        field: [
          scalarField('must', 1, STRING, { label: REQUIRED }),
          scalarField('markup', 2, STRING, { defaultValue: MARKUP }),
          scalarField('number', 3, INT32, { defaultValue: '-42' }),
          scalarField('infinite', 4, FieldDescriptorProto_Type.DOUBLE, { defaultValue: '-inf' }),
          scalarField('octets', 5, FieldDescriptorProto_Type.BYTES, { defaultValue: '\\000\\377<b>' }),
          scalarField('truth', 6, FieldDescriptorProto_Type.BOOL, { defaultValue: 'true' }),
          enumField('closed', 7, 'hostile.old.Closed', { defaultValue: 'CLOSED_TWO' }),
          group('One', 8, OPTIONAL),
          group('Many', 9, REPEATED),
          scalarField('big', 10, FieldDescriptorProto_Type.UINT64, { defaultValue: '18446744073709551615' }),
        ],
        nestedType: [
          { name: 'One', field: [scalarField('inside', 1, STRING, { label: REQUIRED })] },
          { name: 'Many', field: [group('One', 1, OPTIONAL)] },
        ],
        extensionRange: [{ start: 100, end: 536_870_912 }],
      },
    ],
    enumType: [
      {
        name: 'Closed',
        value: [
          { name: 'CLOSED_ONE', number: 1 },
          { name: 'CLOSED_TWO', number: 2 },
        ],
      },
    ],
    extension: [
      scalarField('extra_text', 100, STRING, { extendee: '.hostile.old.Old' }),
      repeated(messageField('extra_messages', 101, 'hostile.old.Old', { extendee: '.hostile.old.Old' })),
    ],
  })
}

function editionFile(): FileDescriptorProto {
  const { LEGACY_REQUIRED, IMPLICIT } = FeatureSet_FieldPresence
  return withComments({
    name: 'hostile/edition.proto',
    package: 'hostile.edition',
    syntax: 'editions',
    edition: Edition.EDITION_2023,
    messageType: [
      {
        name: 'Edition',
        field: [
          scalarField('needed', 1, STRING, { options: { features: { fieldPresence: LEGACY_REQUIRED } } }),
          scalarField('implicit', 2, INT32, { options: { features: { fieldPresence: IMPLICIT } } }),
          scalarField('explicit', 3, INT32),
          messageField('delimited', 4, 'hostile.edition.Edition', {
            options: { features: { messageEncoding: FeatureSet_MessageEncoding.DELIMITED } },
          }),
          enumField('closed', 5, 'hostile.edition.Closed'),
        ],
      },
    ],
    enumType: [
      {
        name: 'Closed',
        options: { features: { enumType: FeatureSet_EnumType.CLOSED } },
        value: [{ name: 'ONLY', number: 7 }],
      },
    ],
  })
}

/** A method of each kind for each type. */
function servicesFile(): FileDescriptorProto {
  const types = [
    ...['Everything', 'Tree', 'Ping', 'Wide', 'Names', 'JsonNames', 'Chain100', 'Old', 'Nothing', 'Level50'].map(
      (name) => `${PACKAGE}.${name}`,
    ),
    'hostile.old.Old',
    'hostile.edition.Edition',
    ...WELL_KNOWN_TYPES,
  ]
  const method = types.flatMap((type) => {
    const name = type
      .split('.')
      .slice(-2)
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join('')
    const both = { inputType: `.${type}`, outputType: `.${type}` }
    return [
      { ...both, name: `Get${name}` },
      { ...both, name: `Watch${name}`, serverStreaming: true },
      { ...both, name: `Upload${name}`, clientStreaming: true },
      { ...both, name: `Chat${name}`, clientStreaming: true, serverStreaming: true },
    ]
  })
  return withComments({
    name: 'hostile/v1/services.proto',
    package: PACKAGE,
    syntax: 'proto3',
    dependency: [
      ...WELL_KNOWN.map(({ proto }) => proto.name),
      'hostile/v1/types.proto',
      'hostile/old.proto',
      'hostile/edition.proto',
    ],
    service: [
      { name: 'HostileService', method },
      {
        name: 'OldService',
        options: { deprecated: true },
        method: [
          {
            name: 'GetOld',
            inputType: `.${PACKAGE}.Old`,
            outputType: `.${PACKAGE}.Old`,
            options: { deprecated: true },
          },
        ],
      },
      { name: 'EmptyService' },
    ],
  })
}

function manyFile(): FileDescriptorProto {
  const methods = (count: number) =>
    rows(count, (n) => ({
      name: `Method${n}`,
      inputType: `.hostile.many.Request${n % 100}`,
      outputType: '.hostile.many.Response',
    }))
  return withComments({
    name: 'hostile/many.proto',
    package: 'hostile.many',
    syntax: 'proto3',
    messageType: [
      ...rows(100, (n) => ({
        name: `Request${n - 1}`,
        field: [scalarField('name', 1), scalarField('count', 2, INT32)],
      })),
      { name: 'Response', field: [scalarField('text', 1)] },
    ],
    service: [
      { name: 'HugeService', method: methods(HUGE_SERVICE_METHODS) },
      ...rows(SMALL_SERVICES, (n) => ({ name: `Service${n}`, method: methods(SMALL_SERVICE_METHODS) })),
    ],
  })
}

/** Gives each declaration a comment. The longest ones come once in a hundred, as in real APIs. */
function withComments(init: FileInit): FileDescriptorProto {
  const file = create(FileDescriptorProtoSchema, init)
  const location = Array.from(declarationsOf(file), ({ path }, index) => ({
    path: path.split('.').map(Number),
    span: [0, 0, 0],
    leadingComments: COMMENTS[index % (index % 100 < 8 ? COMMENTS.length : 5)] ?? '',
  }))
  file.sourceCodeInfo = create(SourceCodeInfoSchema, { location })
  return file
}

function counter(): () => number {
  let last = 0
  return () => {
    last += 1
    return last
  }
}

/** Numbered from 1. */
function rows<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1))
}
