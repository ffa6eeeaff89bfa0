/** Groups of properties of which an object has at most one. */
import type { Schema } from '../model/document.ts'

/** A group of properties. */
export interface ExclusiveGroup {
  readonly names: readonly string[]
  /** Whether an object must have one of them. */
  readonly isRequired: boolean
}

/** Returns a schema that holds if each group has at most one of its properties. It says nothing about their values. */
export function exclusiveSchema(groups: readonly ExclusiveGroup[]): Schema {
  const schemas = groups.filter(({ names, isRequired }) => names.length > 1 || isRequired).map(groupSchema)
  const [first, ...others] = schemas
  if (first === undefined) return {}
  return others.length === 0 ? first : { allOf: schemas }
}

function groupSchema({ names, isRequired }: ExclusiveGroup): Schema {
  // Linters want the properties of `required` beside it.
  const each = names.map((name): Schema => ({ properties: { [name]: {} }, required: [name] }))
  return { oneOf: isRequired ? each : [...each, { not: { anyOf: each } }] }
}
