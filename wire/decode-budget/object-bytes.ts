/**
 * The bytes that V8 allocates for the parts of a decoded message, measured on Node 22 to 26. The contents of strings and `bytes` are not
 * counted: they take at most twice as much memory as on the wire.
 */
import { ScalarType } from '@bufbuild/protobuf'

/** A message without fields: an object, and the prototype link of types that track presence. */
export const MESSAGE_BYTES = 56

/** The empty array of a repeated field. */
export const ARRAY_BYTES = 32

/** The empty object of a map field. */
export const MAP_BYTES = 56

/** The object that holds the case of a oneof. */
export const ONEOF_BYTES = 40

/** One slot of an array, or of the elements of an object. */
export const SLOT_BYTES = 8

/** The slots that V8 allocates for the first element pushed to an array. */
export const FIRST_SLOTS = 18

/** An unknown field: an object, and a view of its octets. */
export const UNKNOWN_FIELD_BYTES = 164

/** An unknown value of a closed enum, whose octets protobuf-es copies. */
export const UNKNOWN_ENUM_BYTES = 256

/** A map entry: three words in a hash table that may be only a third full. */
export const MAP_ENTRY_BYTES = 72

const HEAP_NUMBER_BYTES = 16
const SHORT_STRING_BYTES = 24
const LONG_AS_STRING_BYTES = 40
const BIGINT_BYTES = 24
const VIEW_BYTES = 104

/** The bytes of a value outside of its slot; 0 if the slot holds the value itself. */
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

/** The bytes of a property name; 32-bit numbers and booleans need none. */
export function mapKeyBytes(key: ScalarType): number {
  const bytes = scalarBytes(key, true)
  return bytes === HEAP_NUMBER_BYTES ? 0 : bytes
}

/** Up to this number, properties are kept in an array that grows by three. */
const MAX_ARRAY_PROPERTIES = 15

/** The bytes of an object's properties. Above 15 they are a hash table, which doubles when it is two thirds full. */
export function propertiesBytes(count: number): number {
  if (count === 0) return 0
  if (count <= MAX_ARRAY_PROPERTIES) return 16 + 24 * Math.ceil(count / 3)
  const entries = count + 1
  const neededCapacity = entries + (entries >> 1)
  return 56 + 24 * 2 ** (32 - Math.clz32(neededCapacity - 1))
}
