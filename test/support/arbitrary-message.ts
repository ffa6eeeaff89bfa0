/** Random messages of any type, for property tests. */
import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { anyPack, DurationSchema } from '@bufbuild/protobuf/wkt'
import fc, { type GeneratorValue } from 'fast-check'

const MAX_DEPTH = 1

/** Well-known types, by the JSON that they accept. */
const JSON_OF: Readonly<Record<string, fc.Arbitrary<JsonValue>>> = {
  'google.protobuf.Timestamp': fc
    .tuple(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      fc.nat(999_999_999),
    )
    .map(([date, nanos]) => date.toISOString().replace(/\.\d+Z/, `.${String(nanos).padStart(9, '0')}Z`)),
  'google.protobuf.Duration': fc
    .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(999_999))
    .map(([seconds, micros]) => `${seconds}.${String(micros).padStart(6, '0')}s`),
  'google.protobuf.FieldMask': fc.array(fc.constantFrom('a', 'fooBar', 'foo.barBaz')).map((paths) => paths.join(',')),
  'google.protobuf.Struct': fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()) as fc.Arbitrary<JsonValue>,
  'google.protobuf.Value': fc.jsonValue() as fc.Arbitrary<JsonValue>,
  'google.protobuf.ListValue': fc.array(fc.jsonValue()) as fc.Arbitrary<JsonValue>,
}

/** Makes a message with random fields. */
export function randomMessage(schema: DescMessage, gen: GeneratorValue, depth = 0): Message {
  const json = JSON_OF[schema.typeName]
  // JSON has no negative zero in Value: its text is 0.
  if (json !== undefined) return fromJson(schema, JSON.parse(JSON.stringify(gen(() => json))))
  if (schema.typeName === 'google.protobuf.Any')
    return anyPack(DurationSchema, create(DurationSchema, { seconds: 5n })) as Message
  const message = reflect(schema, create(schema))
  for (const field of schema.fields) {
    if (field.presence === 3 || gen(fc.nat, 3) === 0) setRandom(message, field, gen, depth)
  }
  return message.message
}

function setRandom(message: ReflectMessage, field: DescField, gen: GeneratorValue, depth: number): void {
  if (field.message !== undefined && depth >= MAX_DEPTH && field.presence !== 3) return
  if (field.fieldKind === 'list') {
    const list = message.get(field)
    for (let count = gen(fc.nat, 3); count > 0; count--) list.add(randomValue(field, gen, depth))
  } else if (field.fieldKind === 'map') {
    const map = message.get(field)
    for (let count = gen(fc.nat, 3); count > 0; count--)
      map.set(randomScalar(field.mapKey, gen), randomValue(field, gen, depth))
  } else {
    message.set(field, randomValue(field, gen, depth))
  }
}

function randomValue(field: DescField, gen: GeneratorValue, depth: number): unknown {
  if (field.message !== undefined) return reflect(field.message, randomMessage(field.message, gen, depth + 1))
  if (field.enum !== undefined) return field.enum.values[gen(fc.nat, field.enum.values.length - 1)]?.number
  return randomScalar(field.scalar, gen)
}

function randomScalar(scalar: ScalarType, gen: GeneratorValue): unknown {
  switch (scalar) {
    case ScalarType.BOOL:
      return gen(fc.boolean)
    case ScalarType.STRING:
      return gen(fc.string, { unit: 'grapheme' as const })
    case ScalarType.BYTES:
      return gen(fc.uint8Array)
    case ScalarType.DOUBLE:
      return gen(fc.double)
    case ScalarType.FLOAT:
      return gen(fc.float)
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return gen(fc.nat, 2 ** 31 - 1) * 2
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return gen(fc.integer)
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return gen(fc.bigInt, { min: 0n, max: 2n ** 64n - 1n })
    default:
      return gen(fc.bigInt, { min: -(2n ** 63n), max: 2n ** 63n - 1n })
  }
}
