/** Chooses the function that reads the values of a scalar type. */
import { type DescField, ScalarType } from '@bufbuild/protobuf'
import * as octetReader from './octet-reader.ts'
import { bytes, lenientText, strictText } from './read-text.ts'

/** What the representation of a scalar depends on beside its type. */
export interface ScalarFeatures {
  readonly utf8Validation?: boolean | undefined
  readonly longAsString?: boolean | undefined
}

const READERS: Readonly<Partial<Record<ScalarType, octetReader.ReadValue>>> = Object.freeze({
  [ScalarType.DOUBLE]: octetReader.double,
  [ScalarType.FLOAT]: octetReader.float,
  [ScalarType.INT64]: octetReader.int64,
  [ScalarType.UINT64]: octetReader.uint64,
  [ScalarType.INT32]: octetReader.int32,
  [ScalarType.FIXED64]: octetReader.fixed64,
  [ScalarType.FIXED32]: octetReader.fixed32,
  [ScalarType.BOOL]: octetReader.bool,
  [ScalarType.BYTES]: bytes,
  [ScalarType.UINT32]: octetReader.uint32,
  [ScalarType.SFIXED32]: octetReader.sfixed32,
  [ScalarType.SFIXED64]: octetReader.sfixed64,
  [ScalarType.SINT32]: octetReader.sint32,
  [ScalarType.SINT64]: octetReader.sint64,
})

const STRING_READERS = Object.freeze(
  new Map<octetReader.ReadValue, octetReader.ReadValue>(
    [octetReader.int64, octetReader.uint64, octetReader.sint64, octetReader.fixed64, octetReader.sfixed64].map(
      (read) => [read, (octets: Uint8Array, start: number) => String(read(octets, start))],
    ),
  ),
)

/** Returns the function that reads a scalar; the same one for the same arguments. */
export function scalarReader(
  scalar: ScalarType,
  { utf8Validation, longAsString }: ScalarFeatures,
): octetReader.ReadValue {
  if (scalar === ScalarType.STRING) return utf8Validation === true ? strictText : lenientText
  const read = READERS[scalar] as octetReader.ReadValue
  return longAsString === true ? (STRING_READERS.get(read) ?? read) : read
}

/** Returns the value of a map entry without a key, or without a scalar value; a new one for `bytes`. */
export function zeroScalar(scalar: ScalarType): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return ''
    case ScalarType.BOOL:
      return false
    case ScalarType.BYTES:
      return new Uint8Array(0)
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 0n
    default:
      return 0
  }
}

/** Whether the elements of a list may be packed: those of all scalars that have no length. */
export function isPackable({ scalar, message }: Pick<DescField, 'scalar' | 'message'>): boolean {
  return message === undefined && scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES
}
