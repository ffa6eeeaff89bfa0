/** Whether fields know that they are unset. The numbers are those of `google.protobuf.FeatureSet.FieldPresence`. */
import type { AnyField } from './value-shape.ts'

/** Whether a field that has its default is the same as one that is unset, as those of proto3 without `optional`. */
export function isImplicit(field: AnyField): boolean {
  return field.presence === 2
}

/** Whether a field is `required`, as in proto2. */
export function isRequired(field: AnyField): boolean {
  return field.presence === 3
}
