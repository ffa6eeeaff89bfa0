/** Sets fields of messages as protobuf-es keeps them. */
import { create, type DescField, type DescMessage } from '@bufbuild/protobuf'

/** A message, by the local names of its fields. */
export type Fields = Record<string, unknown>

/** How protobuf-es keeps a oneof. */
interface OneofValue {
  readonly case: string | undefined
  readonly value?: unknown
}

/** Returns the message that holds the last of these fields, after it has created those on the way. */
export function holderOf(message: Fields, fields: readonly DescField[]): Fields {
  let holder = message
  for (let step = 0; step < fields.length - 1; step++) holder = childOf(holder, fields[step] as DescField)
  return holder
}

/** Returns the message in a field, after it has created it if there is none. Another member of its oneof is replaced. */
function childOf(holder: Fields, field: DescField): Fields {
  const present = fieldValue(holder, field)
  if (present !== undefined) return present as Fields
  const child = create(field.message as DescMessage) as unknown as Fields
  setField(holder, field, child)
  return child
}

/** Returns the value of a field, undefined if it has presence and is absent. */
export function fieldValue(holder: Fields, { localName, oneof }: DescField): unknown {
  if (oneof === undefined) return holder[localName]
  const present = holder[oneof.localName] as OneofValue
  return present.case === localName ? present.value : undefined
}

/** Sets a field, in place of any other member of its oneof. */
export function setField(holder: Fields, { localName, oneof }: DescField, value: unknown): void {
  if (oneof === undefined) holder[localName] = value
  else holder[oneof.localName] = { case: localName, value }
}

/** Returns the local name of the member of the field's oneof that is set instead of the field. */
export function rivalOf(holder: Fields, { localName, oneof }: DescField): string | undefined {
  if (oneof === undefined) return undefined
  const present = holder[oneof.localName] as OneofValue
  return present.case === localName ? undefined : present.case
}
