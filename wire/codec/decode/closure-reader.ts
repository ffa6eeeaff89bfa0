/** Reads messages by closures, one per field: where code cannot be generated, and for types with very many fields. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { messageCostsOf } from '../../decode-budget/message-costs.ts'
import { WireType } from '../../decode-budget/wire-type.ts'
import { chargeOf, chargeUnknown, closeFrame, openFrame } from './decode-meter.ts'
import { fieldReader } from './field-reader.ts'
import { longTag, reader, truncated } from './octet-reader.ts'
import { checkTag, skip, unknownField } from './skip-field.ts'
import type { Fields, FindReader, ReadField, ReadMessage, UnknownField } from './type-reader.ts'

/** Reads a field that generated code does not expect: unknown, or of another wire type. Returns the unknown fields. */
export type ReadOther = (
  message: Fields,
  octets: Uint8Array,
  start: number,
  tag: number,
  depth: number,
  unknown: UnknownField[] | undefined,
) => UnknownField[] | undefined

/** Returns the function that reads the fields of a type. */
export function closureReader(desc: DescMessage, find: FindReader): ReadMessage {
  const read = fieldsReader(desc, find)
  if (!find.charges) return read
  const costs = messageCostsOf(desc)
  return (message, octets, start, end, depth, group) => {
    openFrame(costs, depth)
    const position = read(message, octets, start, end, depth, group)
    closeFrame(depth)
    return position
  }
}

function fieldsReader(desc: DescMessage, find: FindReader): ReadMessage {
  const readOther = otherFields(desc, find)
  return (message, octets, start, end, depth, group) => {
    checkDepth(depth)
    let unknown = message.$unknown
    let at = start
    while (at < end) {
      let tag = octets[at++] as number
      if (tag > 0x7f) {
        tag = longTag(octets, at - 1)
        at = reader.position
      }
      if (group !== 0 && (tag & 7) === WireType.END_GROUP) {
        checkGroupEnd(tag, group)
        if (unknown !== undefined) message.$unknown = unknown
        return at
      }
      unknown = readOther(message, octets, at, tag, depth, unknown)
      at = reader.position
    }
    if (group !== 0) truncated()
    if (unknown !== undefined) message.$unknown = unknown
    return at
  }
}

/** Returns the function that reads any field of a type by its number, and the unknown fields. */
export function otherFields(desc: DescMessage, find: FindReader): ReadOther {
  const fields = new Map<number, ReadField>()
  const makers = new Map(desc.fields.map((field) => [field.number, field]))
  return (message, octets, start, tag, depth, unknown) => {
    checkTag(tag)
    const number = tag >>> 3
    let read = fields.get(number)
    if (read === undefined) {
      const field = makers.get(number)
      if (field === undefined) return readUnknown(message, octets, start, tag, depth, unknown)
      read = chargedReader(field, find)
      fields.set(number, read)
    }
    reader.position = read(message, octets, start, tag, depth)
    return unknown
  }
}

/** @throws Error for a message that is nested too deeply */
export function checkDepth(depth: number): void {
  if (depth > reader.recursionLimit)
    throw new Error(`the message exceeds the recursion limit, ${reader.recursionLimit} levels`)
}

/** @throws Error for a tag that does not end the group */
export function checkGroupEnd(tag: number, group: number): void {
  if (tag >>> 3 !== group) throw new Error('malformed message: the group ends with the number of another')
}

/** Returns the function that reads a field, and charges for it where the type is charged for. */
function chargedReader(field: DescField, find: FindReader): ReadField {
  const read = fieldReader(field, find)
  if (!find.charges) return read
  const { before, after } = chargeOf(field)
  return (message, octets, start, tag, depth) => {
    before(octets, start, tag, depth)
    const position = read(message, octets, start, tag, depth)
    after?.(depth)
    return position
  }
}

function readUnknown(...[, octets, start, tag, depth, unknown]: Parameters<ReadOther>): UnknownField[] | undefined {
  const maxGroups = reader.recursionLimit - depth
  if (!reader.keepsUnknownFields) {
    reader.position = skip(octets, start, tag, maxGroups)
    return unknown
  }
  chargeUnknown(depth)
  const field = unknownField(octets, start, tag, maxGroups)
  if (unknown === undefined) return [field]
  unknown.push(field)
  return unknown
}
