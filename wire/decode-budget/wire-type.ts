/** The wire types of the binary format (protobuf.dev/programming-guides/encoding). */
import { ScalarType } from '@bufbuild/protobuf'

/** The wire types, by name. */
export const WireType = Object.freeze({ VARINT: 0, FIXED64: 1, LENGTH: 2, START_GROUP: 3, END_GROUP: 4, FIXED32: 5 })

/** Returns the wire type of a single scalar; of an enum value for `undefined`. */
export function wireTypeOf(scalar: ScalarType | undefined): number {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.FIXED64
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.FIXED32
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LENGTH
    default:
      return WireType.VARINT
  }
}
