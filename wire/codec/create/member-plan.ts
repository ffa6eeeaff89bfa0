/** What `create` does with each member of a message type, decided once from the descriptor. */
import { create, type DescField, type DescMessage, type DescOneof, ScalarType } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'

/** How a given value becomes the value of a field: it is kept, an array becomes octets, or an object becomes a message of the type. */
export type Conversion = 'keep' | 'octets' | DescMessage

/** A member of a message type: a field, or a oneof group. */
export type MemberPlan =
  /** Always set: to what is given, else to a constant. */
  | { readonly kind: 'constant'; readonly name: string; readonly conversion: Conversion; readonly constant: unknown }
  /** Set only if a value is given. */
  | { readonly kind: 'optional'; readonly name: string; readonly conversion: Conversion }
  /** Set to what is given, else to a new array or object. The elements are converted, unless the given one is kept whole. */
  | { readonly kind: 'list' | 'map'; readonly name: string; readonly elements: Conversion | 'whole' }
  /** Always set to a new object. The key of a conversion is the name of its case. */
  | { readonly kind: 'oneof'; readonly name: string; readonly cases: ReadonlyMap<string, Conversion> }

/** How messages of a type are created. */
export interface CreatePlan {
  /** The prototype of the messages: it has the default values of a type that tracks presence. */
  readonly prototype: object
  /** The members in the order in which a message has them as its own keys, after `$typeName`. */
  readonly members: readonly MemberPlan[]
}

/** Returns the plan of a type. The prototype and the constants are those of protobuf-es. */
export function createPlan(desc: DescMessage): CreatePlan {
  const zero: Record<string, unknown> = { ...create(desc) }
  return {
    prototype: Object.getPrototypeOf(create(desc)),
    members: desc.members.map((member) => (member.kind === 'oneof' ? planOneof(member) : planField(member, zero))),
  }
}

function planOneof(oneof: DescOneof): MemberPlan {
  const cases = new Map(oneof.fields.map((field) => [field.localName, conversionOf(field)]))
  return { kind: 'oneof', name: oneof.localName, cases }
}

function planField(field: DescField, zero: Readonly<Record<string, unknown>>): MemberPlan {
  const name = field.localName
  const conversion = conversionOf(field)
  if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    // protobuf-es copies an array or object of messages even where it keeps each element, as with google.protobuf.Struct.
    const elements = conversion === 'keep' && field.message === undefined ? 'whole' : conversion
    return { kind: field.fieldKind, name, elements }
  }
  // A field without presence is always set, to its zero value if nothing is given.
  return Object.hasOwn(zero, name)
    ? { kind: 'constant', name, conversion, constant: zero[name] }
    : { kind: 'optional', name, conversion }
}

/** The conversion of a field's value, or of each element of a list or map. */
function conversionOf(field: DescField): Conversion {
  if (field.message === undefined) return field.scalar === ScalarType.BYTES ? 'octets' : 'keep'
  if (isUnwrapped(field)) return field.message.fields[0]?.scalar === ScalarType.BYTES ? 'octets' : 'keep'
  return isJson(field) ? 'keep' : field.message
}

/** Whether messages have the value of this wrapper type in place of the wrapper: not in oneofs, lists and maps. */
export function isUnwrapped(field: DescField): boolean {
  return field.fieldKind === 'message' && field.oneof === undefined && isWrapperDesc(field.message)
}

/** Whether messages have JSON values in place of `google.protobuf.Struct`: everywhere but in a Value. */
export function isJson(field: DescField): boolean {
  return field.message?.typeName === 'google.protobuf.Struct' && field.parent.typeName !== 'google.protobuf.Value'
}
