/** Finds the fields that dotted names lead to, such as `book.author.name`. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { isWrapperDesc } from '@bufbuild/protobuf/wkt'

/** protobuf-es keeps a Struct as a plain object, which has no fields. */
const STRUCT = 'google.protobuf.Struct'

const fieldsOf = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>()

/** Returns the field with this proto name or JSON name. The proto name of one field wins over the JSON name of another. */
export function fieldNamed(desc: DescMessage, name: string): DescField | undefined {
  let fields = fieldsOf.get(desc)
  if (fields === undefined) {
    const byJsonName = desc.fields.map((field) => [field.jsonName, field] as const)
    const byName = desc.fields.map((field) => [field.name, field] as const)
    fields = new Map([...byJsonName, ...byName])
    fieldsOf.set(desc, fields)
  }
  return fields.get(name)
}

/** A name that leads to no field: where it stops. */
export interface LostPath {
  /** The message that was searched; undefined if the step before is not a singular message. */
  readonly desc: DescMessage | undefined
  /** Index of the step that was not found. */
  readonly step: number
}

/** Follows the steps of a name from a message to a field. `value` of a wrapper leads to the wrapper itself. */
export function followPath(desc: DescMessage, steps: readonly string[]): readonly DescField[] | LostPath {
  const fields: DescField[] = []
  let current: DescMessage | undefined = desc
  for (const [step, name] of steps.entries()) {
    const field: DescField | undefined = current === undefined ? undefined : fieldNamed(current, name)
    if (current === undefined || field === undefined) return { desc: current, step }
    // protobuf-es keeps the value of a wrapper in the place of the wrapper.
    if (!isWrapperDesc(current) || step === 0) fields.push(field)
    current = field.fieldKind === 'message' && field.message.typeName !== STRUCT ? field.message : undefined
  }
  return fields
}

/** Whether the path leads to no field. */
export function isLost(path: readonly DescField[] | LostPath): path is LostPath {
  return !Array.isArray(path)
}

/** Returns the proto names of the fields, joined by dots. */
export function pathName(fields: readonly DescField[]): string {
  return fields.length === 1 ? (fields[0]?.name ?? '') : fields.map(({ name }) => name).join('.')
}

/** Whether two fields cannot be set at the same time: on the way to them, they part at members of one oneof. */
export function areRivals(some: readonly DescField[], others: readonly DescField[]): boolean {
  const step = some.findIndex((field, index) => field !== others[index])
  const oneof = some[step]?.oneof
  return oneof !== undefined && oneof === others[step]?.oneof
}
