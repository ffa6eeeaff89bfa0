/** Reads one field of a type by a closure, whatever its wire type is. */
import type { DescField } from '@bufbuild/protobuf'
import { WireType } from '../../decode-budget/wire-type.ts'
import { chargeEnumValue } from './decode-meter.ts'
import { entryReader } from './entry-reader.ts'
import { type MessageField, messageValueOf } from './message-value.ts'
import { contentEnd, int32, reader } from './octet-reader.ts'
import { isPackable, scalarReader } from './scalar-reader.ts'
import { enumOctets } from './skip-field.ts'
import type { Fields, FindReader, ReadField, UnknownField } from './type-reader.ts'

type SingularField = DescField & { readonly fieldKind: 'scalar' | 'enum' | 'message' }
type ListField = DescField & { readonly fieldKind: 'list' }
type ReadChild = (child: Fields, octets: Uint8Array, start: number, depth: number) => number

/** Returns the function that reads a field. */
export function fieldReader(field: DescField, find: FindReader): ReadField {
  switch (field.fieldKind) {
    case 'list':
      return listReader(field, find)
    case 'map':
      return mapReader(field, find)
    case 'message':
      return field.oneof === undefined ? messageReader(field, find) : messageCaseReader(field, find)
    case 'enum':
      return field.enum.open ? scalarFieldReader(field) : closedEnumReader(field)
    default:
      return scalarFieldReader(field)
  }
}

/** Returns the setter of a field that is not a message: of a property, or of a oneof. */
function setterOf({ localName, oneof }: SingularField): (message: Fields, value: unknown) => void {
  const name = oneof?.localName
  return name === undefined
    ? (message, value) => {
        message[localName] = value
      }
    : (message, value) => {
        message[name] = { case: localName, value }
      }
}

function scalarFieldReader(field: SingularField): ReadField {
  const read = field.fieldKind === 'scalar' ? scalarReader(field.scalar, field) : int32
  const set = setterOf(field)
  return (message, octets, start) => {
    set(message, read(octets, start))
    return reader.position
  }
}

/** Values that the enum does not have become unknown fields. */
function closedEnumReader(field: SingularField & { readonly fieldKind: 'enum' }): ReadField {
  const { number, enum: desc } = field
  const values = new Set(desc.values.map((value) => value.number))
  const set = setterOf(field)
  return (message, octets, start, tag, depth) => {
    const value = int32(octets, start)
    if (values.has(value)) set(message, value)
    else keepEnumValue(message, { no: number, wireType: tag & 7, value, depth })
    return reader.position
  }
}

/** Adds a value of a closed enum to the unknown fields of a message. */
export function keepEnumValue(message: Fields, { no, wireType, value, depth }: EnumValue): void {
  if (!reader.keepsUnknownFields) return
  chargeEnumValue(depth)
  const field: UnknownField = { no, wireType, data: enumOctets(value) }
  if (message.$unknown === undefined) message.$unknown = [field]
  else message.$unknown.push(field)
}

interface EnumValue {
  readonly no: number
  readonly wireType: number
  readonly value: number
  readonly depth: number
}

function messageReader(field: SingularField & MessageField, find: FindReader): ReadField {
  const { localName } = field
  const { open, close } = messageValueOf(field, find)
  const readChild = childReader(field, find)
  const isInherited = localName in Object.prototype
  return (message, octets, start, _tag, depth) => {
    const child = open(isInherited && !Object.hasOwn(message, localName) ? undefined : message[localName])
    const end = readChild(child, octets, start, depth)
    message[localName] = close(child)
    return end
  }
}

function messageCaseReader(field: SingularField & MessageField, find: FindReader): ReadField {
  const { localName, oneof } = field
  const oneofName = oneof?.localName as string
  const { open, close } = messageValueOf(field, find)
  const readChild = childReader(field, find)
  return (message, octets, start, _tag, depth) => {
    const before = message[oneofName] as { case: string; value: unknown }
    const child = open(before.case === localName ? before.value : undefined)
    const end = readChild(child, octets, start, depth)
    message[oneofName] = { case: localName, value: close(child) }
    return end
  }
}

function childReader(field: MessageField, find: FindReader): ReadChild {
  const type = find(field.message)
  const { number } = field
  if ('delimitedEncoding' in field && field.delimitedEncoding) {
    return (child, octets, start, depth) => type.read(child, octets, start, reader.limit, depth + 1, number)
  }
  return (child, octets, start, depth) => {
    const end = contentEnd(octets, start)
    return type.read(child, octets, reader.position, end, depth + 1, 0)
  }
}

function listReader(field: ListField, find: FindReader): ReadField {
  if (field.listKind === 'message') return messageListReader(field, find)
  const { localName } = field
  const read = field.listKind === 'scalar' ? scalarReader(field.scalar, field) : int32
  const packs = isPackable(field)
  return (message, octets, start, tag) => {
    const items = message[localName] as unknown[]
    if (!packs || (tag & 7) !== WireType.LENGTH) {
      items.push(read(octets, start))
      return reader.position
    }
    const end = contentEnd(octets, start)
    while (reader.position < end) items.push(read(octets, reader.position))
    return reader.position
  }
}

function messageListReader(field: ListField & MessageField, find: FindReader): ReadField {
  const { localName } = field
  const { open, close } = messageValueOf(field, find)
  const readChild = childReader(field, find)
  return (message, octets, start, _tag, depth) => {
    const child = open(undefined)
    const end = readChild(child, octets, start, depth)
    ;(message[localName] as unknown[]).push(close(child))
    return end
  }
}

function mapReader(field: DescField & { readonly fieldKind: 'map' }, find: FindReader): ReadField {
  const { localName } = field
  const readEntry = entryReader(field, find)
  return (message, octets, start, _tag, depth) => {
    const end = contentEnd(octets, start)
    return readEntry(message[localName] as Fields, octets, reader.position, end, depth)
  }
}
