/** The JSON texts that values begin with. */
import { type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { is64Bit, type ValueShape, wrappedShape } from './value-shape.ts'

/** Well-known types that JSON does not write as objects. */
const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
  ['google.protobuf.Timestamp', '"1970-01-01T00:00:00Z"'],
  ['google.protobuf.Duration', '"0s"'],
  ['google.protobuf.FieldMask', '""'],
  ['google.protobuf.Value', 'null'],
  ['google.protobuf.ListValue', '[]'],
])

/** Returns the JSON of a message without fields. */
export function defaultMessageText(message: DescMessage): string {
  const wrapped = wrappedShape(message)
  return wrapped === undefined ? (WELL_KNOWN.get(message.typeName) ?? '{}') : defaultText(wrapped)
}

/** Returns the JSON of the value that a field has when nothing sets it. */
export function defaultText(shape: ValueShape): string {
  switch (shape.kind) {
    case 'message':
      return defaultMessageText(shape.message)
    case 'enum':
      return shape.enum.typeName === 'google.protobuf.NullValue'
        ? 'null'
        : JSON.stringify(shape.enum.values[0]?.jsonName)
    case 'scalar':
      return defaultScalarText(shape.scalar)
  }
}

function defaultScalarText(scalar: ScalarType): string {
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return '""'
  if (scalar === ScalarType.BOOL) return 'false'
  return is64Bit(scalar) ? '"0"' : '0'
}
