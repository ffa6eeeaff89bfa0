/** What a single value is: that of a field, of an item of a list, or of an entry of a map. */
import {
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'
import { scalarName } from '../../api/type-names.ts'

export type ValueShape =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly enum: DescEnum }
  | { readonly kind: 'message'; readonly message: DescMessage }

/** A field of a message, or an extension of it. */
export type AnyField = DescField | DescExtension

/** Returns the shape of a field's value, items or map values. */
export function shapeOf(field: AnyField): ValueShape {
  if (field.message !== undefined) return { kind: 'message', message: field.message }
  if (field.enum !== undefined) return { kind: 'enum', enum: field.enum }
  return { kind: 'scalar', scalar: field.scalar }
}

/** Returns the shape of what a wrapper, such as `google.protobuf.Int64Value`, holds; undefined for other messages. */
export function wrappedShape(message: DescMessage): ValueShape | undefined {
  const [value] = message.fields
  return value !== undefined && isWrapperDesc(message) ? shapeOf(value) : undefined
}

/** Returns the name of a shape's type, such as `int32` or `library.v1.Book`. */
export function typeNameOf(shape: ValueShape): string {
  switch (shape.kind) {
    case 'scalar':
      return scalarName(shape.scalar)
    case 'enum':
      return shape.enum.typeName
    case 'message':
      return shape.message.typeName
  }
}

/** Returns the file that declares a field. */
export function fileOf(field: AnyField): DescFile {
  return field.kind === 'extension' ? field.file : field.parent.file
}

/** Returns the type of a field as proto files write it, without the package if it is the one of the field or Google's. */
export function shortTypeName(field: AnyField): string {
  const prefixes = ['google.protobuf.', `${fileOf(field).proto.package}.`]
  const name = typeNameOf(shapeOf(field))
  const prefix = prefixes.find((each) => name.startsWith(each)) ?? ''
  return fieldTypeName(field, name.slice(prefix.length))
}

/** Returns the type of a field as proto files write it. */
export function fieldTypeName(field: AnyField, name = typeNameOf(shapeOf(field))): string {
  if (field.fieldKind === 'list') return `repeated ${name}`
  return field.fieldKind === 'map' ? `map<${scalarName(field.mapKey)}, ${name}>` : name
}

/** The least and greatest values of an integer type; undefined for other types. */
export function integerRange(scalar: ScalarType): { readonly min: bigint; readonly max: bigint } | undefined {
  switch (scalar) {
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { min: -(2n ** 31n), max: 2n ** 31n - 1n }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { min: 0n, max: 2n ** 32n - 1n }
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { min: -(2n ** 63n), max: 2n ** 63n - 1n }
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { min: 0n, max: 2n ** 64n - 1n }
    default:
      return undefined
  }
}

/** Whether JSON writes an integer of this type as a string, as a JavaScript number would lose digits. */
export function is64Bit(scalar: ScalarType): boolean {
  return (integerRange(scalar)?.max ?? 0n) > 2n ** 32n
}
