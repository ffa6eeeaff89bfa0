/** What `null` means in JSON: for most fields that they are unset, for some types a value. */
import { isNull, type JsonNode } from '../json/json-node.ts'
import { type AnyField, shapeOf, type ValueShape } from './value-shape.ts'

/** Whether `null` is a value of a type. */
export function takesNull(shape: ValueShape): boolean {
  if (shape.kind === 'message') return shape.message.typeName === 'google.protobuf.Value'
  return shape.kind === 'enum' && shape.enum.typeName === 'google.protobuf.NullValue'
}

/** Whether a field's JSON leaves it unset. */
export function isUnset(field: AnyField, node: JsonNode | undefined): boolean {
  if (node === undefined) return true
  const isSingular = field.fieldKind !== 'list' && field.fieldKind !== 'map'
  return isNull(node) && !(isSingular && takesNull(shapeOf(field)))
}
