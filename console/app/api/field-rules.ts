/** The rules of protovalidate, as people read them. */
import type { Registry } from '@bufbuild/protobuf'
import { isReflectMessage, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import { type Optioned, optionMessage } from './options.ts'
import { fieldOf, listOf, textOf } from './reflected.ts'
import { valueText } from './text-format.ts'

/** Returns the rules of a field, such as `at least 3 characters`. */
export function fieldRules(field: Optioned, registry: Registry): string[] {
  return rulesOf(optionMessage(field, 'buf.validate.field', registry))
}

/** Returns the rules of a message as a whole. */
export function messageRules(message: Optioned, registry: Registry): string[] {
  return rulesOf(optionMessage(message, 'buf.validate.message', registry))
}

/** Returns the rules of a oneof. */
export function oneofRules(oneof: Optioned, registry: Registry): string[] {
  return rulesOf(optionMessage(oneof, 'buf.validate.oneof', registry))
}

function rulesOf(rules: ReflectMessage | undefined, of = ''): string[] {
  if (rules === undefined) return []
  const cel = listOf(rules, 'cel').flatMap((rule) => (isReflectMessage(rule) ? [celText(rule)] : []))
  const texts = [...cel, ...listOf(rules, 'cel_expression').map(String)].map((text) => `${of}${text}`)
  for (const field of rules.fields) {
    if (!rules.isSet(field) || ['cel', 'cel_expression', 'ignore'].includes(field.name)) continue
    const value: unknown = rules.get(field)
    if (isReflectMessage(value) && !isWellKnown(value)) texts.push(...rulesOf(value, `${of}${partOf(field.name)}`))
    else texts.push(`${of}${ruleText(field.name, valuesText(rules, field.name, field))}`)
  }
  return texts
}

/** Durations and timestamps are values, not rules. */
function isWellKnown({ desc }: ReflectMessage): boolean {
  return desc.typeName.startsWith('google.protobuf.')
}

/** The elements of lists and maps have rules of their own. */
function partOf(name: string): string {
  return name === 'items' ? 'each element: ' : name === 'keys' ? 'each key: ' : name === 'values' ? 'each value: ' : ''
}

/** What the rule says, and else its expression. */
function celText(rule: ReflectMessage): string {
  const message = textOf(rule, 'message')
  const expression = textOf(rule, 'expression')
  return message === '' ? expression : `${message} (${expression})`
}

function valuesText(rules: ReflectMessage, name: string, field: Parameters<typeof valueText>[0]): string {
  const values = field.fieldKind === 'list' ? listOf(rules, name) : [fieldOf(rules, name)]
  return values.map((value) => valueText(field, value)).join(', ')
}

/** By the names of the fields of rules. `%` is the value. */
const PHRASES: Readonly<Record<string, string>> = {
  const: 'must be %',
  contains: 'contains %',
  defined_only: 'a defined value only',
  gt: 'greater than %',
  gt_now: 'in the future',
  gte: 'at least %',
  in: 'one of %',
  len: 'exactly % characters',
  len_bytes: 'exactly % bytes',
  lt: 'less than %',
  lt_now: 'in the past',
  lte: 'at most %',
  max_bytes: 'at most % bytes',
  max_items: 'at most % elements',
  max_len: 'at most % long',
  max_pairs: 'at most % entries',
  min_bytes: 'at least % bytes',
  min_items: 'at least % elements',
  min_len: 'at least % long',
  min_pairs: 'at least % entries',
  not_contains: 'does not contain %',
  not_in: 'none of %',
  pattern: 'matches %',
  prefix: 'starts with %',
  required: 'required',
  suffix: 'ends with %',
  unique: 'unique elements',
}

/** Units are the last words of phrases. */
function singularOf(phrase: string, value: string): string {
  return value === '1' ? phrase.replace(/ies$/, 'y').replace(/(\w{3})s$/, '$1') : phrase
}

/** Rules without a phrase, such as `email`, are words already. */
function ruleText(name: string, value: string): string {
  const phrase = PHRASES[name]
  if (phrase !== undefined) return singularOf(phrase, value).replace('%', () => value)
  const words = name.replaceAll('_', ' ')
  return value === 'true' ? words : `${words}: ${value}`
}
