/** What the names of query parameters mean for a binding. */
import type { DescField } from '@bufbuild/protobuf'
import type { QuerySettings } from './binder-settings.ts'
import { areRivals, followPath, isLost, pathName } from './field-path.ts'
import type { HttpBinding } from './http-binding.ts'
import { Parameter } from './parameter.ts'
import { scalarText } from './scalar-text.ts'
import type { TextType } from './text-type.ts'
import { textTypeOf } from './text-type-of.ts'

/** What a name means. */
export type NameMeaning =
  | { readonly kind: 'field'; readonly parameter: Parameter }
  | { readonly kind: 'map'; readonly parameter: Parameter; readonly keyType: TextType }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unknown' }
  /** The name means a field that the query cannot set. */
  | { readonly kind: 'fault'; readonly fault: string }

/** As in JSON: protobuf-es reads messages up to this depth. */
const MAX_STEPS = 100

/** Nested names that are kept. Those of recursive types are endless, and a client chooses them. */
const MAX_NESTED_NAMES = 1_000

const IGNORED: NameMeaning = { kind: 'ignored' }
const UNKNOWN: NameMeaning = { kind: 'unknown' }

/** Finds the meaning of names, and keeps it from their first use on: many methods of a large API are never called. */
export class ParameterNames {
  readonly #binding: HttpBinding
  readonly #settings: QuerySettings
  readonly #ignored: ReadonlySet<string>
  readonly #meanings = new Map<string, NameMeaning>()
  #nestedNames = 0

  constructor(binding: HttpBinding, settings: QuerySettings) {
    this.#binding = binding
    this.#settings = settings
    this.#ignored = new Set(settings.ignored)
  }

  /** Returns the meaning of a name: the field that it leads to by proto names and JSON names, joined by dots. */
  find(name: string): NameMeaning {
    const kept = this.#meanings.get(name)
    if (kept !== undefined) return kept
    const meaning = this.#meaningOf(name)
    const isKept = meaning !== UNKNOWN && (!name.includes('.') || this.#nestedNames++ < MAX_NESTED_NAMES)
    if (isKept) this.#meanings.set(name, meaning)
    return meaning
  }

  #meaningOf(name: string): NameMeaning {
    const steps = name.split('.', MAX_STEPS + 1)
    if (steps.length > MAX_STEPS) return faultOf(`names more than ${MAX_STEPS} fields`)
    const fields = followPath(this.#binding.method.input, steps)
    if (!isLost(fields)) return this.#besideBody(fields) ?? this.#besidePath(fields) ?? this.#settable(fields)
    if (this.#ignored.has(name)) return IGNORED
    if (fields.desc === undefined) return faultOf(`${steps.slice(0, fields.step).join('.')} is not a singular message`)
    return UNKNOWN
  }

  /** Returns what a field means that the body holds, or that excludes the field of the body; null for other fields. */
  #besideBody(fields: readonly DescField[]): NameMeaning | null {
    const { body } = this.#binding
    const { besideBody } = this.#settings
    if (body === null || besideBody === 'apply') return null
    if (body !== '*' && fields[0] !== body && !areRivals(fields, [body])) return null
    return besideBody === 'ignore'
      ? IGNORED
      : faultOf(body === '*' ? 'the body is the request' : `the body is ${body.name}`)
  }

  /** Returns what a field means that the path sets too, or that excludes a field of the path; null for other fields. */
  #besidePath(fields: readonly DescField[]): NameMeaning | null {
    const { collisions, unknown } = this.#settings
    for (const { fields: bound } of this.#binding.variables) {
      const excludes = areRivals(fields, bound)
      if (!excludes && !overlap(fields, bound)) continue
      if (collisions === 'query') return null
      if (collisions === 'reject') return faultOf(`the path sets ${pathName(bound)}`)
      return excludes && unknown === 'reject' ? faultOf(`the path sets ${pathName(bound)}, which excludes it`) : IGNORED
    }
    return null
  }

  #settable(fields: readonly DescField[]): NameMeaning {
    const leaf = fields.at(-1) as DescField
    const type = textTypeOf(leaf, this.#settings)
    if (type === null) return faultOf(messageFault(leaf))
    const parameter = new Parameter(fields as [...DescField[], DescField], type)
    if (leaf.fieldKind !== 'map') return { kind: 'field', parameter }
    if (!this.#settings.mapEntries) return faultOf('a map cannot be set by parameters')
    return { kind: 'map', parameter, keyType: scalarText(leaf.mapKey, this.#settings) }
  }
}

/** Whether one path leads to the other, or both to the same field. */
function overlap(some: readonly DescField[], others: readonly DescField[]): boolean {
  const steps = Math.min(some.length, others.length)
  for (let step = 0; step < steps; step++) if (some[step] !== others[step]) return false
  return true
}

function messageFault({ fieldKind, message, name }: DescField): string {
  if (fieldKind !== 'message') return 'messages in lists and maps cannot be set by parameters'
  const inner = message.fields[0]
  return inner === undefined
    ? 'the message has no fields'
    : `is a message: name one of its fields, as in ${name}.${inner.name}`
}

function faultOf(fault: string): NameMeaning {
  return { kind: 'fault', fault }
}
