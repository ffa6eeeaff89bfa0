/** How the fields of a message type are written, decided once from the descriptor. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt'
import { WireType, wireTypeOf } from '../../decode-budget/wire-type.ts'
import { isJson, isUnwrapped } from '../create/member-plan.ts'

/** How one value is written. */
export type ValuePlan =
  | { readonly kind: 'scalar'; readonly type: ScalarType }
  /** A message, with its length before it, or between the tags of a group. */
  | { readonly kind: 'message'; readonly desc: DescMessage; readonly isGroup: boolean }
  /** The value of a wrapper type, which messages have in place of the wrapper. */
  | { readonly kind: 'wrapped'; readonly inner: FieldPlan; readonly isGroup: boolean }
  /** A JSON value, which messages have in place of `google.protobuf.Struct`. */
  | { readonly kind: 'struct'; readonly desc: DescMessage; readonly isGroup: boolean }

/** When a field is written. */
export type FieldPresence =
  /** If the value is not the zero value of its type. Enums have their first value as the zero value. */
  | { readonly kind: 'implicit'; readonly zero: number | null }
  /** If the message has it as an own key. */
  | { readonly kind: 'explicit' }
  /** As an explicit one, which must be set. */
  | { readonly kind: 'required' }
  /** If it is the case of a oneof group. */
  | { readonly kind: 'oneof'; readonly group: string }
  /** Each element, after a tag of its own. */
  | { readonly kind: 'list' }
  /** All elements after one tag and their length. */
  | { readonly kind: 'packed' }
  /** Each entry as a message of key and value. */
  | { readonly kind: 'map'; readonly key: ScalarType }

/** How one field is written. */
export interface FieldPlan {
  readonly number: number
  /** The key of messages that has the field, or the case of its oneof group. */
  readonly name: string
  /** The field's full name, for errors. */
  readonly label: string
  readonly presence: FieldPresence
  readonly value: ValuePlan
}

/** Returns the plans of a type's fields, in the order in which they are written. */
export function encodePlan(desc: DescMessage): FieldPlan[] {
  return desc.fields.toSorted((a, b) => a.number - b.number).map(planField)
}

function planField(field: DescField): FieldPlan {
  return {
    number: field.number,
    name: field.localName,
    label: `${field.parent.typeName}.${field.name}`,
    presence: planPresence(field),
    value: planValue(field),
  }
}

function planPresence(field: DescField): FieldPresence {
  if (field.fieldKind === 'list') return { kind: field.packed ? 'packed' : 'list' }
  if (field.fieldKind === 'map') return { kind: 'map', key: field.mapKey }
  if (field.oneof !== undefined) return { kind: 'oneof', group: field.oneof.localName }
  if (field.presence === Presence.LEGACY_REQUIRED) return { kind: 'required' }
  if (field.presence !== Presence.IMPLICIT) return { kind: 'explicit' }
  return { kind: 'implicit', zero: field.fieldKind === 'enum' ? (field.enum.values[0]?.number ?? 0) : null }
}

function planValue(field: DescField): ValuePlan {
  if (field.message === undefined) return { kind: 'scalar', type: field.scalar ?? ScalarType.INT32 }
  // An entry of a map has its value as a field of its own, which is never a group.
  const isGroup = field.fieldKind !== 'map' && field.delimitedEncoding
  if (isJson(field)) return { kind: 'struct', desc: field.message, isGroup }
  const inner = isUnwrapped(field) ? field.message.fields[0] : undefined
  if (inner !== undefined) return { kind: 'wrapped', inner: planField(inner), isGroup }
  return { kind: 'message', desc: field.message, isGroup }
}

/** Returns the octets of a tag. */
export function tagOctets(number: number, wireType: number): number[] {
  const octets: number[] = []
  let rest = ((number << 3) | wireType) >>> 0
  for (; rest > 127; rest >>>= 7) octets.push((rest & 127) | 128)
  octets.push(rest)
  return octets
}

/** Returns the tag before a value: of its scalar type, of a group, or of a length. */
export function startTag(number: number, value: ValuePlan): number[] {
  if (value.kind === 'scalar') return tagOctets(number, wireTypeOf(value.type))
  return tagOctets(number, value.isGroup ? WireType.START_GROUP : WireType.LENGTH)
}

/** Whether the writer of a scalar type leaves all of the slack free, as text and octets can be of any length. */
export function isVariableSize(type: ScalarType): boolean {
  return wireTypeOf(type) === WireType.LENGTH
}

/** The octets that an element of a packed list takes at least. */
export function minimumSize(type: ScalarType): number {
  const wireType = wireTypeOf(type)
  if (wireType === WireType.FIXED64) return 8
  return wireType === WireType.FIXED32 ? 4 : 1
}
