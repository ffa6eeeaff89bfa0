/** The memory that decoding a message of a type allocates, field by field. Computed once per type. */
import { type DescExtension, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import {
  ARRAY_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  MESSAGE_BYTES,
  mapKeyBytes,
  ONEOF_BYTES,
  propertiesBytes,
  scalarBytes,
} from './object-bytes.ts'
import type { ValueReading } from './wire-cursor.ts'

/** The costs of decoding a field. */
export interface FieldCosts {
  readonly kind: 'single' | 'list' | 'map'
  /** How a scalar, or the value of a map entry, is read. */
  readonly reading: ValueReading
  /** Cost of one value, including its message; of one entry for a map. */
  readonly valueBytes: number
  /** The type of a message field; null for a scalar. */
  readonly child: MessageCosts | null
  /** The field number if its messages are encoded as groups, else 0. */
  readonly groupNumber: number
  /** Whether this is a list whose elements may be packed. */
  readonly isPackable: boolean
  /** Whether the first value adds a property to the message object. */
  readonly addsProperty: boolean
  /** Whether this is a google.protobuf.Struct kept as JSON: each repetition converts the present value again. */
  readonly isJsonObject: boolean
  /** How the key of a map entry is read. */
  readonly keyReading: ValueReading
  /** The values of a closed enum, whose other values become unknown fields; null for other fields. */
  readonly knownValues: Readonly<Record<number, unknown>> | null
}

/** The costs of decoding a message type. */
export interface MessageCosts {
  /** Cost of an empty message. */
  readonly createdBytes: number
  /** The number of properties of an empty message, and the most that a message can have. */
  readonly createdProperties: number
  readonly maxProperties: number
  /** By field number. */
  readonly fields: ReadonlyMap<number, FieldCosts>
}

const known = new WeakMap<DescMessage, MessageCosts>()

/** Returns the costs of a type and of all types that its messages can contain. */
export function messageCostsOf(desc: DescMessage): MessageCosts {
  const before = known.get(desc)
  if (before !== undefined) return before
  const fields = new Map<number, FieldCosts>()
  const createdProperties = desc.members.filter(isThereFromTheStart).length
  const costs: MessageCosts = {
    createdBytes: MESSAGE_BYTES + propertiesBytes(createdProperties) + containerBytes(desc),
    createdProperties,
    // Plus one for the unknown fields.
    maxProperties: desc.members.length + 1,
    fields,
  }
  // Stored before its fields are visited, as types can be recursive.
  known.set(desc, costs)
  for (const field of desc.fields) fields.set(field.number, fieldCostsOf(field))
  return costs
}

/** Returns the costs of a message that has this extension as its only field. */
export function extensionCostsOf(extension: DescExtension): MessageCosts {
  const fields = new Map([[extension.number, fieldCostsOf(extension)]])
  return { createdBytes: MESSAGE_BYTES, createdProperties: 0, maxProperties: 1, fields }
}

function isThereFromTheStart(member: DescMessage['members'][number]): boolean {
  if (member.kind === 'oneof' || member.fieldKind === 'list' || member.fieldKind === 'map') return true
  return member.fieldKind !== 'message' && member.presence === IMPLICIT
}

// FeatureSet.FieldPresence.IMPLICIT of descriptor.proto
const IMPLICIT = 2

function containerBytes({ members }: DescMessage): number {
  let bytes = 0
  for (const member of members) {
    if (member.kind === 'oneof') bytes += ONEOF_BYTES
    else if (member.fieldKind === 'list') bytes += ARRAY_BYTES
    else if (member.fieldKind === 'map') bytes += MAP_BYTES
  }
  return bytes
}

function fieldCostsOf(field: DescField | DescExtension): FieldCosts {
  const child = field.message === undefined ? null : messageCostsOf(field.message)
  const isList = field.fieldKind === 'list'
  const isMap = field.fieldKind === 'map'
  const isSingle = !isList && !isMap
  const { scalar } = field
  return {
    kind: isList ? 'list' : isMap ? 'map' : 'single',
    reading: readingOf(scalar, field.enum !== undefined),
    valueBytes: valueBytesOf(field, child),
    child,
    groupNumber: !isMap && 'delimitedEncoding' in field && field.delimitedEncoding === true ? field.number : 0,
    isPackable: isList && child === null && scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES,
    addsProperty: isSingle && field.kind === 'field' && field.oneof === undefined && !isThereFromTheStart(field),
    isJsonObject: isSingle && isJsonObject(field),
    keyReading: readingOf(isMap ? field.mapKey : undefined, false),
    knownValues: isSingle && field.enum !== undefined && !field.enum.open ? field.enum.value : null,
  }
}

function valueBytesOf(field: DescField | DescExtension, child: MessageCosts | null): number {
  const isLongAsString = 'longAsString' in field && field.longAsString === true
  const value = child === null ? scalarBytes(field.scalar, isLongAsString) : child.createdBytes
  return field.fieldKind === 'map' ? MAP_ENTRY_BYTES + mapKeyBytes(field.mapKey) + value : value
}

function isJsonObject(field: DescField | DescExtension): boolean {
  return field.message?.typeName === 'google.protobuf.Struct' && field.parent?.typeName !== 'google.protobuf.Value'
}

function readingOf(scalar: ScalarType | undefined, isEnum: boolean): ValueReading {
  if (isEnum) return 'varint'
  switch (scalar) {
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return 'fixed32'
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return 'fixed64'
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case undefined:
      return 'length'
    case ScalarType.SINT32:
    case ScalarType.SINT64:
      return 'zigzag'
    default:
      return 'varint'
  }
}
