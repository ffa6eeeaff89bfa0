/** Defaults of fields in proto2 and editions. */
import { FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf/wkt'
import type { SeededRandom } from '../seeded-random.ts'

/** Returns a default as descriptors write it. */
export function defaultOf(type: Type, random: SeededRandom): string {
  switch (type) {
    case Type.STRING:
      return random.pick(['', 'caf\u00e9', '"\\\n', '\u2028', '</script>'])
    case Type.BYTES:
      return random.pick(['', 'abc', '\\000\\377', '\\n\\\\'])
    case Type.BOOL:
      return random.pick(['true', 'false'])
    case Type.DOUBLE:
    case Type.FLOAT:
      return random.pick(['inf', '-inf', 'nan', '-0', '1.5', '1e10'])
    case Type.UINT64:
    case Type.FIXED64:
      return random.pick(['0', '18446744073709551615'])
    case Type.INT64:
    case Type.SINT64:
    case Type.SFIXED64:
      return random.pick(['0', '-9223372036854775808', '9223372036854775807'])
    case Type.UINT32:
    case Type.FIXED32:
      return random.pick(['0', '4294967295'])
    default:
      return random.pick(['0', '-1', '2147483647'])
  }
}
