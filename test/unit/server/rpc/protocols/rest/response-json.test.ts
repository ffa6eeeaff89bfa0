/** R1 and R2: responses, and single fields of every kind as response bodies, with the options of the JSON. */
import {
  create,
  createRegistry,
  type DescField,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf'
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { resolveRestOptions } from '../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { ResponseJson } from '../../../../../../server/rpc/protocols/rest/response/response-json.ts'
import type { RestJsonOptions } from '../../../../../../server/rpc/protocols/rest/rest-options.ts'
import { CODEC_KINDS } from '../../../../../../wire/codec/codec-settings.ts'
import { KindsSchema, NestedSchema } from '../../../../../gen/kinds/v1/kinds_pb.js'
import { LegacySchema } from '../../../../../gen/kinds/v1/legacy_pb.js'

const registry = createRegistry(NestedSchema, AnySchema)

function writer(field: DescField | null, jsonOptions: RestJsonOptions = {}, desc = KindsSchema) {
  const settings = resolveRestOptions({ jsonOptions })
  const [compiled, reflective] = CODEC_KINDS.map((kind) => new ResponseJson(desc, field, { settings, registry, kind }))
  return {
    of(message: Message): JsonValue {
      const text = compiled?.textOf(message) ?? ''
      expect(text).toBe(reflective?.textOf(message))
      return JSON.parse(text)
    },
  }
}

const SCALARS: Readonly<Record<string, unknown>> = {
  double: 1.5,
  float: -0.5,
  int32: -3,
  int64: '9007199254740993',
  uint32: 4,
  uint64: '18446744073709551615',
  sint32: -5,
  sint64: '-6',
  fixed32: 7,
  fixed64: '8',
  sfixed32: -9,
  sfixed64: '-10',
  bool: true,
  string: 'a"b',
  bytes: 'AP8=',
}

const SPECIAL: Readonly<Record<string, unknown>> = {
  Timestamp: '2026-01-02T03:04:05.006Z',
  Duration: '3.500s',
  FieldMask: 'a,bC',
  Struct: { a: [1, null] },
  Value: [1],
  ListValue: [1, 'a'],
  Empty: {},
  DoubleValue: 1.5,
  FloatValue: 0.5,
  Int32Value: 0,
  Int64Value: '7',
  UInt32Value: 8,
  UInt64Value: '9',
  BoolValue: false,
  StringValue: '',
  BytesValue: 'AA==',
  Any: { '@type': 'type.googleapis.com/kinds.v1.Nested', text: 'a' },
  Nested: { text: 'a', counts: { b: 2 }, left: '' },
  Legacy: { number: 0 },
}

/** Returns JSON of a value that differs from the default. */
function sampleOf({ scalar, message, enum: enumeration }: Pick<DescField, 'scalar' | 'message' | 'enum'>): unknown {
  if (enumeration?.typeName === 'google.protobuf.NullValue') return null
  if (enumeration !== undefined) return enumeration.values.at(-1)?.name
  if (message !== undefined) return SPECIAL[message.name] ?? {}
  return SCALARS[Object.keys(SCALARS)[SCALAR_ORDER.indexOf(scalar ?? 0)] ?? '']
}

/** The numbers of ScalarType, in the order of `SCALARS`. */
const SCALAR_ORDER = [1, 2, 5, 3, 13, 4, 17, 18, 7, 6, 15, 16, 8, 9, 12]

function jsonValueOf(field: DescField): unknown {
  const sample = sampleOf(field)
  if (field.fieldKind === 'list') return [sample, sample]
  if (field.fieldKind !== 'map') return sample
  return { [field.mapKey === 8 ? 'true' : field.mapKey === 9 ? '__proto__' : '5']: sample }
}

describe.each(KindsSchema.fields.map((field) => [field.name, field] as const))('R2 the field %s', (_name, field) => {
  const json = JSON.parse(`{${JSON.stringify(field.jsonName)}:${JSON.stringify(jsonValueOf(field))}}`)
  const message = fromJson(KindsSchema, json, { registry })

  test.each<RestJsonOptions>([{}, { useProtoFieldName: true }, { enumAsInteger: true }])(
    'is what the whole response has of it: %j',
    (options) => {
      const key = options.useProtoFieldName === true ? field.name : field.jsonName
      const whole = toJson(KindsSchema, message, { registry, ...options }) as JsonObject
      const of = writer(field, options).of({
        ...message,
        stringValue: message.stringValue || 'other',
      } as typeof message)
      expect(of).toEqual(Object.hasOwn(whole, key) ? whole[key] : writer(field, options).of(create(KindsSchema)))
    },
  )

  test('has the JSON of its default value if it is not set', () => {
    const whole = toJson(KindsSchema, create(KindsSchema), { alwaysEmitImplicit: true }) as JsonObject
    const unset = writer(field).of(create(KindsSchema))
    if (Object.hasOwn(whole, field.jsonName)) expect(unset).toEqual(whole[field.jsonName])
    else if (field.fieldKind === 'message') expect([null, {}]).toContainEqual(unset)
    else expect([0, '0', '', false, field.enum?.values[0]?.name]).toContain(unset)
  })
})

test('R2 a field of proto2 has its own default value', () => {
  const unset = LegacySchema.fields.map((field) => writer(field, {}, LegacySchema as never).of(create(LegacySchema)))
  expect(unset).toEqual(['none', 7, 'LEGACY_KIND_TWO', [], {}])
})

test('R1 unset fields are null like those of Go, in messages, lists and maps', () => {
  const message = create(KindsSchema, {
    nesteds: [{}],
    stringToNested: { a: { text: 'x' } },
    choice: { case: 'chosenText', value: '' },
    any: anyPack(NestedSchema, create(NestedSchema, { text: 'a' })),
  })
  const json = writer(null, { emitUnpopulated: true }).of(message) as JsonObject
  const { text, number } = (json.nesteds as JsonObject[])[0] as JsonObject
  expect([text, number, json.timestamp, json.int64Wrapper, json.int32Value, json.chosenText]).toEqual([
    '',
    0,
    null,
    null,
    0,
    '',
  ])
  expect((json.stringToNested as Record<string, JsonObject>).a).toMatchObject({
    text: 'x',
    number: 0,
    items: [],
    counts: {},
  })
  for (const absent of ['optionalInt32', 'chosenNumber', 'otherText']) expect(json).not.toHaveProperty(absent)
})

test('R1 unset fields of proto2 are null', () => {
  const json = writer(null, { emitUnpopulated: true }, LegacySchema as never).of(
    create(LegacySchema, { same: { number: 1 } }),
  )
  expect(json).toEqual({
    text: null,
    number: null,
    kind: null,
    numbers: [],
    same: { text: null, number: 1, kind: null, numbers: [], same: null },
  })
})
