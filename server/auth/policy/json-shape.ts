/** Describes JSON values, and names every place where a value differs from its description. */
import { kindFault } from '../../../wire/options/check-options.ts'
import { nearestName } from '../../../wire/options/nearest-name.ts'

/**
 * Adds a phrase to `faults` for each fault of a value. Phrases name the place, such as `allow_rules[2].name`, and do not show the value,
 * which may be secret.
 */
export type Shape = (value: unknown, place: string, faults: string[]) => void

/** A string of `least` (default 0) to `most` UTF-16 code units. */
export function text({ least = 0, most }: { readonly least?: number; readonly most: number }): Shape {
  return (value, place, faults) => {
    if (typeof value !== 'string') addKindFault(place, value, 'string', faults)
    else if (value.length < least) faults.push(`${place} is empty`)
    else if (value.length > most) faults.push(`${place} has ${value.length} characters: the most is ${most}`)
  }
}

/** One of these strings. */
export function oneOf(choices: readonly string[]): Shape {
  return (value, place, faults) => {
    if (!choices.includes(value as string)) faults.push(`${place} must be one of ${choices.join(', ')}`)
  }
}

/** A boolean. */
export const boolean: Shape = (value, place, faults) => addKindFault(place, value, 'boolean', faults)

/** An object with any fields. */
export const anyObject: Shape = (value, place, faults) => addKindFault(place, value, 'object', faults)

/** An array of `least` (default 0) to `most` values of one shape. */
export function listOf(item: Shape, { least = 0, most }: { readonly least?: number; readonly most: number }): Shape {
  return (value, place, faults) => {
    if (!Array.isArray(value)) addKindFault(place, value, 'array', faults)
    else if (value.length < least) faults.push(`${place} is empty`)
    else if (value.length > most) faults.push(`${place} has ${value.length} entries: the most is ${most}`)
    else for (const [index, each] of value.entries()) item(each, `${place}[${index}]`, faults)
  }
}

/** An object with these fields only. */
export function objectOf(fields: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, place, faults) => {
    const known = faults.length
    addKindFault(place === '' ? 'the policy' : place, value, 'object', faults)
    if (faults.length > known) return
    const prefix = place === '' ? '' : `${place}.`
    for (const name of required) if (!Object.hasOwn(value as object, name)) faults.push(`${prefix}${name} is missing`)
    for (const [name, field] of Object.entries(value as object)) {
      const shape = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (shape === undefined) faults.push(`${prefix}${name} is unknown${adviceFor(name, Object.keys(fields))}`)
      else if (field !== undefined) shape(field, prefix + name, faults)
    }
  }
}

function addKindFault(
  place: string,
  value: unknown,
  kind: 'array' | 'boolean' | 'object' | 'string',
  faults: string[],
): void {
  const fault = kindFault(place, value, [kind])
  if (fault !== undefined) faults.push(fault)
}

function adviceFor(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}
