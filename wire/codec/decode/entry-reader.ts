/** Reads the entries of maps. */
import type { DescField } from '@bufbuild/protobuf'
import { setEntry } from '../set-own.ts'
import { keyCharge } from './decode-meter.ts'
import { type MessageField, messageValueOf } from './message-value.ts'
import { contentEnd, int32, type ReadValue, reader } from './octet-reader.ts'
import { scalarReader, zeroScalar } from './scalar-reader.ts'
import { anyTag, skip } from './skip-field.ts'
import type { Fields, FindReader } from './type-reader.ts'

/** Reads an entry up to `end` into a map. Returns the position after it. */
export type ReadEntry = (map: Fields, octets: Uint8Array, start: number, end: number, depth: number) => number

/** A map field. */
export type MapField = DescField & { readonly fieldKind: 'map' }

/** How the values of a map are read. */
interface EntryValue {
  /** Returns what the octets hold. A message that comes again in the same entry is merged into the one before. */
  readonly read: (octets: Uint8Array, start: number, depth: number, before: unknown) => unknown
  /** Returns the value of the map, after the last field of the entry. */
  readonly close: (value: unknown) => unknown
}

/** The field numbers of an entry. */
const KEY = 1
const VALUE = 2

/** Returns the function that reads the entries of a map field. */
export function entryReader(field: MapField, find: FindReader): ReadEntry {
  const readKey = keyReader(field)
  const zeroKey = zeroScalar(field.mapKey)
  const { read, close } = entryValue(field, find)
  const chargeKey = find.charges ? keyCharge(field) : null
  return (map, octets, start, end, depth) => {
    let key: unknown
    let value: unknown
    let at = start
    while (at < end) {
      const tag = anyTag(octets, at)
      at = reader.position
      if (tag >>> 3 === KEY) key = readKey(octets, at)
      else if (tag >>> 3 === VALUE) value = read(octets, at, depth, value)
      else reader.position = skip(octets, at, tag, reader.recursionLimit - depth)
      at = reader.position
    }
    chargeKey?.(key, depth)
    setEntry(map, key ?? zeroKey, close(value))
    return at
  }
}

function keyReader(field: MapField): ReadValue {
  return scalarReader(field.mapKey, field)
}

function entryValue(field: MapField, find: FindReader): EntryValue {
  switch (field.mapKind) {
    case 'message':
      return messageEntryValue(field, find)
    case 'enum': {
      const zero = field.enum.values[0]?.number
      return { read: int32, close: (value) => value ?? zero }
    }
    default: {
      const { scalar } = field
      return {
        read: scalarReader(scalar, { utf8Validation: field.utf8Validation }),
        close: (value) => value ?? zeroScalar(scalar),
      }
    }
  }
}

function messageEntryValue(field: MapField & MessageField, find: FindReader): EntryValue {
  const { open, close } = messageValueOf(field, find)
  const type = find(field.message)
  return {
    close: (child) => close((child ?? open(undefined)) as Fields),
    read(octets, start, depth, before) {
      const child = (before ?? open(undefined)) as Fields
      const end = contentEnd(octets, start)
      reader.position = type.read(child, octets, reader.position, end, depth + 1, 0)
      return child
    },
  }
}
