/** Writes the JSON values that messages have in place of `google.protobuf.Struct`, as that message and its values. */
import { grow, output } from './output.ts'
import { closeLength, writeDouble, writeString } from './write-scalar.ts'

// Tags: the fields of Struct, of an entry of its map, of Value and of ListValue (google/protobuf/struct.proto).
const STRUCT_FIELDS = 0x0a
const ENTRY_KEY = 0x0a
const ENTRY_VALUE = 0x12
const NULL_VALUE = 0x08
const NUMBER_VALUE = 0x11
const STRING_VALUE = 0x1a
const BOOL_VALUE = 0x20
const STRUCT_VALUE = 0x2a
const LIST_VALUE = 0x32
const LIST_VALUES = 0x0a

/** Writes the fields of a Struct. Anything but an object is an empty one. */
export function writeStruct(p: number, json: unknown): number {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return p
  let end = p
  for (const key of Object.keys(json)) {
    const entry = startLength(end, STRUCT_FIELDS)
    output.buffer[entry + 1] = ENTRY_KEY
    const value = startLength(writeString(entry + 2, key), ENTRY_VALUE)
    end = closeLength(value, 1, writeValue(value + 1, (json as Record<string, unknown>)[key]))
    end = closeLength(entry, 1, end)
  }
  return end
}

/** Writes the fields of a Value. A value that JSON does not have is one without a kind. */
function writeValue(p: number, json: unknown): number {
  const { buffer } = output
  switch (typeof json) {
    case 'number':
      buffer[p] = NUMBER_VALUE
      return writeDouble(p + 1, json, 'google.protobuf.Value.number_value')
    case 'string':
      buffer[p] = STRING_VALUE
      return writeString(p + 1, json)
    case 'boolean':
      buffer[p] = BOOL_VALUE
      buffer[p + 1] = json ? 1 : 0
      return p + 2
    case 'object':
      return writeObject(p, json)
    default:
      return p
  }
}

function writeObject(p: number, json: object | null): number {
  if (json === null) {
    output.buffer[p] = NULL_VALUE
    output.buffer[p + 1] = 0
    return p + 2
  }
  const isList = Array.isArray(json)
  const at = startLength(p, isList ? LIST_VALUE : STRUCT_VALUE)
  return closeLength(at, 1, isList ? writeList(at + 1, json) : writeStruct(at + 1, json))
}

function writeList(p: number, items: readonly unknown[]): number {
  let end = p
  for (let i = 0; i < items.length; i++) {
    const at = startLength(end, LIST_VALUES)
    end = closeLength(at, 1, writeValue(at + 1, items[i]))
  }
  return end
}

/** Writes a tag, and returns the position of the length after it. */
function startLength(p: number, tag: number): number {
  // Not in one expression, which would take the buffer before it grows.
  grow(p)
  output.buffer[p] = tag
  return p + 1
}
