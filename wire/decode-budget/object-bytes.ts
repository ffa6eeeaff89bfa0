/**
 * What V8 allocates for the parts of a decoded message, in bytes, as measured on Node 22 to 26. Text and octets themselves are not
 * counted: they are at most twice as long in memory as on the wire.
 */
import { ScalarType } from '@bufbuild/protobuf'

/** A message without fields: an object, and what it needs where its type keeps track of presence. */
export const MESSAGE_BYTES = 56

/** The array of a repeated field, while it is empty. */
export const ARRAY_BYTES = 32

/** The object of a map field, while it is empty. */
export const MAP_BYTES = 56

/** The object that holds the case of a oneof. */
export const ONEOF_BYTES = 40

/** One element of an array, or one property that an object's elements have room for. */
export const SLOT_BYTES = 8

/** The first element that is pushed makes room for so many. */
export const FIRST_SLOTS = 18

/** An unknown field: an object and the view of its octets. */
export const UNKNOWN_FIELD_BYTES = 164

/** An unknown value of a closed enum, whose octets are copied. */
export const UNKNOWN_ENUM_BYTES = 256

/** An entry of a map: three words in a hash table that may be a third full. */
export const MAP_ENTRY_BYTES = 72

const HEAP_NUMBER_BYTES = 16
const SHORT_STRING_BYTES = 24
const LONG_AS_STRING_BYTES = 40
const BIGINT_BYTES = 24
const VIEW_BYTES = 104

/** A value of its own beside its slot: 0 for what the slot holds itself. */
export function scalarBytes(scalar: ScalarType | undefined, isLongAsString: boolean): number {
  switch (scalar) {
    case ScalarType.STRING:
      return SHORT_STRING_BYTES
    case ScalarType.BYTES:
      return VIEW_BYTES
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
      return HEAP_NUMBER_BYTES
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return isLongAsString ? LONG_AS_STRING_BYTES : BIGINT_BYTES
    default:
      return 0
  }
}

/** The name of a property, which 32-bit numbers and booleans do without. */
export function mapKeyBytes(key: ScalarType): number {
  const bytes = scalarBytes(key, true)
  return bytes === HEAP_NUMBER_BYTES ? 0 : bytes
}

/** Properties that are added one by one stand in an array, which grows by three. */
const MAX_ARRAY_PROPERTIES = 15

/** The properties of an object. Above 15 they are a hash table, which doubles when two thirds are in use. */
export function propertiesBytes(count: number): number {
  if (count === 0) return 0
  if (count <= MAX_ARRAY_PROPERTIES) return 16 + 24 * Math.ceil(count / 3)
  const entries = count + 1
  const neededCapacity = entries + (entries >> 1)
  return 56 + 24 * 2 ** (32 - Math.clz32(neededCapacity - 1))
}
