/** Chooses how the text of a field becomes its value. ProtoJSON has other forms for some types, so these have code of their own. */
import { create, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { DurationSchema, isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { enumText } from './enum-text.ts'
import { jsonText } from './json-text.ts'
import { scalarText } from './scalar-text.ts'
import type { TextType, ValueSettings } from './text-type.ts'
import { LOOSE_DURATION, WELL_KNOWN_TEXTS } from './well-known-text.ts'

/** Whether a field, an element of a list or a value of a map can be set from a text: a scalar, an enum, or like a scalar in JSON. */
export function isTextType({ message }: DescField): boolean {
  return message === undefined || isWrapperDesc(message) || Object.hasOwn(WELL_KNOWN_TEXTS, message.typeName)
}

/** Returns the type of a field, of the elements of a list, or of the values of a map; null if a text cannot hold it. */
export function textTypeOf(field: DescField, settings: ValueSettings): TextType | null {
  if (field.message !== undefined) return messageText(field, field.message, settings)
  if (field.enum !== undefined) return enumText(field.enum, settings)
  const type = scalarText(field.scalar, settings)
  const isLongText = 'longAsString' in field && field.longAsString
  return isLongText ? asString(type) : type
}

/** 64-bit integers whose option `jstype` is JS_STRING. */
function asString({ expected, parse }: TextType): TextType {
  return {
    expected,
    parse(text) {
      const value = parse(text)
      return value === undefined ? undefined : String(value)
    },
  }
}

function messageText(field: DescField, desc: DescMessage, settings: ValueSettings): TextType | null {
  if (isWrapperDesc(desc)) return wrapperText(field, desc, settings)
  if (settings.looseDurations && desc.typeName === DurationSchema.typeName) return LOOSE_DURATION
  if (Object.hasOwn(WELL_KNOWN_TEXTS, desc.typeName)) return WELL_KNOWN_TEXTS[desc.typeName] ?? null
  // In a Value, protobuf-es keeps a Struct as a message.
  return settings.jsonValues && field.parent.typeName !== 'google.protobuf.Value' ? jsonText(desc) : null
}

/** protobuf-es keeps only the value of a wrapper, except in oneofs, lists and maps. */
function wrapperText(field: DescField, desc: DescMessage, settings: ValueSettings): TextType {
  const type = scalarText(desc.fields[0]?.scalar ?? ScalarType.STRING, settings)
  if (field.fieldKind === 'message' && field.oneof === undefined) return type
  return {
    expected: type.expected,
    parse(text) {
      const value = type.parse(text)
      return value === undefined ? undefined : create(desc, { value })
    },
  }
}
