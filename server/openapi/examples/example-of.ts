/** Examples of values, made from their schemas. */
import type { JsonData, Schema } from '../model/document.ts'
import { mergeSchemas } from '../rules/limits.ts'
import { accepts } from '../schemas/accepts.ts'
import { COMPONENT } from '../schemas/schema-registry.ts'
import { textExample } from './text-example.ts'

/** Optional properties of one object: more would hide what matters. */
const MAX_PROPERTIES = 12

/** Optional objects inside each other. */
const MAX_DEPTH = 3

/** Objects that are required inside each other: a type may not end. */
const DEPTH_LIMIT = 20

/** Where an example is. */
interface Place {
  readonly name: string
  readonly depth: number
  readonly isRequest: boolean
}

/** Makes examples of the schemas of a document. */
export class Examples {
  readonly #schemas: Readonly<Record<string, Schema>>

  constructor(schemas: Readonly<Record<string, Schema>>) {
    this.#schemas = schemas
  }

  /** Returns a value that the schema accepts; undefined if none is found, as for some patterns. */
  of(schema: Schema, name: string, direction: 'request' | 'response'): JsonData | undefined {
    return this.#valueOf(schema, { name, depth: 0, isRequest: direction === 'request' })
  }

  #valueOf(schema: Schema, place: Place): JsonData | undefined {
    const { $ref, ...rest } = schema
    if ($ref !== undefined) {
      const target = this.#schemas[$ref.slice(COMPONENT.length)]
      return target === undefined ? undefined : this.#valueOf(mergeSchemas(target, rest), place)
    }
    const { const: only, enum: choices, examples = [] } = schema
    if (only !== undefined) return only
    const given = examples.find((value) => accepts(schema, value))
    if (given !== undefined) return given
    if (choices !== undefined) return firstChoice(choices, schema)
    const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
    return type === undefined ? this.#unionOf(schema, place) : this.#typedOf(type, schema, place)
  }

  /** Of several kinds of values the first one that is no constant, such as a number rather than `NaN`. */
  #unionOf({ anyOf = [], ...schema }: Schema, place: Place): JsonData | undefined {
    if (place.depth > MAX_DEPTH && anyOf.some(({ type }) => type === 'null')) return null
    const sorted = anyOf.toSorted((a, b) => Number(a.const !== undefined) - Number(b.const !== undefined))
    for (const each of sorted) {
      const value = this.#valueOf(mergeSchemas(schema, each), place)
      if (value !== undefined) return value
    }
    return anyOf.length === 0 ? {} : undefined
  }

  #typedOf(type: string, schema: Schema, place: Place): JsonData | undefined {
    if (place.depth > DEPTH_LIMIT) return undefined
    switch (type) {
      case 'string':
        return textExample(schema, place.name)
      case 'integer':
      case 'number':
        return numberExample(schema)
      case 'boolean':
        return [true, false].find((value) => accepts(schema, value))
      case 'array':
        return this.#arrayOf(schema, place)
      case 'object':
        return this.#objectOf(schema, place)
      default:
        return null
    }
  }

  #arrayOf({ items = {}, minItems = 1, maxItems = 1, uniqueItems }: Schema, place: Place): JsonData | undefined {
    const least = minItems > 1 ? minItems : Math.min(1, maxItems)
    if (least > 1 && uniqueItems === true) return undefined
    const item = least === 0 ? undefined : this.#valueOf(items, { ...place, depth: place.depth + 1 })
    if (item === undefined) return least === 0 || minItems <= 1 ? [] : undefined
    return Array.from({ length: least }, () => item)
  }

  #objectOf(schema: Schema, place: Place): JsonData | undefined {
    if (typeof schema.additionalProperties === 'object') return this.#mapOf(schema, schema.additionalProperties, place)
    const required = new Set(schema.required)
    const excluded = new Set(groupsOf(schema).flatMap(restOfGroup))
    const entries: [string, JsonData][] = []
    let optional = 0
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isHidden = (place.isRequest ? property.readOnly : property.writeOnly) === true
      const isNeeded = required.has(name)
      if ((isHidden && !isNeeded) || excluded.has(name)) continue
      if (!isNeeded && (optional >= MAX_PROPERTIES || (isNested(property) && place.depth >= MAX_DEPTH))) continue
      const value = this.#valueOf(property, { ...place, name, depth: place.depth + 1 })
      if (value === undefined && isNeeded) return undefined
      if (value !== undefined) entries.push([name, value])
      if (!isNeeded) optional += 1
    }
    return Object.fromEntries(entries)
  }

  #mapOf({ propertyNames, minProperties = 1 }: Schema, values: Schema, place: Place): JsonData | undefined {
    const key = propertyNames === undefined ? 'key' : this.#valueOf(propertyNames, { ...place, name: 'key' })
    const value = this.#valueOf(values, { ...place, name: 'value', depth: place.depth + 1 })
    if (minProperties > 1) return undefined
    if (typeof key !== 'string' || value === undefined) return minProperties === 1 ? undefined : {}
    return { [key]: value }
  }
}

/** The first value of an enum usually says that there is none. */
function firstChoice(choices: readonly JsonData[], schema: Schema): JsonData | undefined {
  const allowed = choices.filter((choice) => accepts(schema, choice))
  return allowed.find((choice) => choice !== 0 && !/(?:^|_)UNSPECIFIED$/.test(String(choice))) ?? allowed[0]
}

function numberExample(schema: Schema): number | undefined {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema
  const bounds = [minimum, maximum, above === undefined ? above : above + 1, below === undefined ? below : below - 1]
  const between = above !== undefined && below !== undefined ? [(above + below) / 2] : []
  const candidates = [1, ...bounds, ...(schema.type === 'integer' ? [] : between), 2, 3, 10, 100]
  return candidates.find((value) => value !== undefined && accepts(schema, value))
}

function isNested({ $ref, type, properties }: Schema): boolean {
  return $ref !== undefined || type === 'array' || type === 'object' || properties !== undefined
}

/** The groups of properties of which an object has at most one. */
function groupsOf({ oneOf, allOf = [] }: Schema): (readonly Schema[])[] {
  return [oneOf, ...allOf.map((each) => each.oneOf)].filter((group) => group !== undefined)
}

function restOfGroup(group: readonly Schema[]): string[] {
  return group.flatMap(({ required = [] }) => required).slice(1)
}
