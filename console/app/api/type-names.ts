/** How protos write types. */
import { type DescExtension, type DescField, ScalarType } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt'

/** The name of a scalar type, such as `int32`. */
export function scalarName(type: ScalarType): string {
  return SCALARS[type]
}

const SCALARS: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: 'double',
  [ScalarType.FLOAT]: 'float',
  [ScalarType.INT64]: 'int64',
  [ScalarType.UINT64]: 'uint64',
  [ScalarType.INT32]: 'int32',
  [ScalarType.FIXED64]: 'fixed64',
  [ScalarType.FIXED32]: 'fixed32',
  [ScalarType.BOOL]: 'bool',
  [ScalarType.STRING]: 'string',
  [ScalarType.BYTES]: 'bytes',
  [ScalarType.UINT32]: 'uint32',
  [ScalarType.SFIXED32]: 'sfixed32',
  [ScalarType.SFIXED64]: 'sfixed64',
  [ScalarType.SINT32]: 'sint32',
  [ScalarType.SINT64]: 'sint64',
}

/** The type of the values of a field: that of an element of a list or a map. */
export function valueTypeName(field: DescField | DescExtension): string {
  return (field.message ?? field.enum)?.typeName ?? (field.scalar === undefined ? '' : scalarName(field.scalar))
}

/** The type of a map, such as `map<string, shop.v1.Item>`. */
export function mapTypeName({ mapKey }: { readonly mapKey: ScalarType }, value: string): string {
  return `map<${scalarName(mapKey)}, ${value}>`
}

/** What stands before the type of a field: `repeated`, `optional`, `required`, or nothing. */
export function labelOf(field: DescField | DescExtension): string {
  if (field.fieldKind === 'list') return 'repeated'
  if (field.fieldKind === 'map' || field.oneof !== undefined) return ''
  if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return 'required'
  // Messages always have presence. So have all singular fields of proto2.
  const isExplicit = field.presence === FeatureSet_FieldPresence.EXPLICIT
  return isExplicit && field.fieldKind !== 'message' ? 'optional' : ''
}
