/** Writes a message as the literal that clients of `protobuf-es` take in its place. */
import { type DescEnum, type DescField, type DescMessage, ScalarType, toJson } from '@bufbuild/protobuf'
import type { ReflectList, ReflectMap, ReflectMessage, ScalarValue } from '@bufbuild/protobuf/reflect'
import { isWrapperDesc, StructSchema } from '@bufbuild/protobuf/wkt'
import type { Imports } from './generated-names.ts'
import { groupText, jsonText, keyText, numberText, stringText } from './typescript-text.ts'

const BRACES = ['{', '}'] as const
const BRACKETS = ['[', ']'] as const

/** A message with parts that no literal can have, such as extensions. */
export class NoLiteralError extends Error {
  override name = 'NoLiteralError'
}

/**
 * Writes a message. Adds the enums that it names to the imports.
 *
 * @throws NoLiteralError if a literal would lose a part of it
 */
export function messageLiteral(message: ReflectMessage, imports: Imports): string {
  if ((message.message.$unknown ?? []).length > 0) throw new NoLiteralError('the message has extensions')
  const set = message.fields.filter((field) => message.isSet(field))
  return groupText(
    BRACES,
    set.map((field) => propertyText(message, field, imports)),
  )
}

function propertyText(message: ReflectMessage, field: DescField, imports: Imports): string {
  const value = fieldText(message, field, imports)
  if (field.oneof === undefined) return `${field.localName}: ${value}`
  return `${field.oneof.localName}: ${groupText(BRACES, [`case: '${field.localName}'`, `value: ${value}`])}`
}

function fieldText(message: ReflectMessage, field: DescField, imports: Imports): string {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarText(message.get(field), field.scalar, field.longAsString)
    case 'enum':
      return enumText(message.get(field), field.enum, imports)
    case 'list':
      return listText(message.get(field), field, imports)
    case 'map':
      return mapText(message.get(field), field, imports)
    case 'message':
      return nestedText(message.get(field), field, imports)
  }
}

type MessageField = DescField & { readonly fieldKind: 'message' }
type ListField = DescField & { readonly fieldKind: 'list' }
type MapField = DescField & { readonly fieldKind: 'map' }

/** A wrapper in a field is the value alone, and a Struct is an object of JSON. */
function nestedText(nested: ReflectMessage, field: MessageField, imports: Imports): string {
  if (field.oneof === undefined && isWrapperDesc(field.message)) {
    const [value] = field.message.fields
    if (value?.fieldKind === 'scalar') return scalarText(nested.get(value), value.scalar, false)
  }
  if (isStruct(field.message) && field.parent.typeName !== 'google.protobuf.Value') {
    return jsonText(toJson(field.message, nested.message))
  }
  return messageLiteral(nested, imports)
}

function isStruct({ typeName }: DescMessage): boolean {
  return typeName === StructSchema.typeName
}

function listText(list: ReflectList, field: ListField, imports: Imports): string {
  return groupText(
    BRACKETS,
    [...list].map((value) => elementText(value, field, imports)),
  )
}

function mapText(map: ReflectMap, field: MapField, imports: Imports): string {
  return groupText(
    BRACES,
    [...map].map(([key, value]) => `${keyText(String(key))}: ${elementText(value, field, imports)}`),
  )
}

function elementText(value: unknown, field: ListField | MapField, imports: Imports): string {
  if (field.message !== undefined) return messageLiteral(value as ReflectMessage, imports)
  if (field.enum !== undefined) return enumText(value, field.enum, imports)
  return scalarText(value as ScalarValue, field.scalar, false)
}

function enumText(number: unknown, desc: DescEnum, imports: Imports): string {
  const value = desc.values.find((each) => each.number === number)
  const name = imports.addGenerated(desc)
  return value === undefined ? `${numberText(number)} as ${name}` : `${name}.${value.localName}`
}

const LONG_TYPES: readonly ScalarType[] = [
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]

function scalarText(value: ScalarValue, type: ScalarType, isLongAsString: boolean): string {
  if (value instanceof Uint8Array) return bytesText(value)
  if (LONG_TYPES.includes(type)) return isLongAsString ? stringText(String(value)) : `${value}n`
  return typeof value === 'string' ? stringText(value) : numberText(value)
}

/** Writes octets. */
export function bytesText(octets: Uint8Array): string {
  if (octets.length === 0) return 'new Uint8Array()'
  let binary = ''
  for (const octet of octets) binary += String.fromCharCode(octet)
  return `Buffer.from('${btoa(binary)}', 'base64')`
}
