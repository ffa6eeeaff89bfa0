/** A REST request under construction: a valid one for a rule of a method, which oddities then modify. */
import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf'
import type { HttpRule } from '../../../gen/google/api/http_pb.js'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { fieldJson, objectOf, textElementOf, textOf } from './element-values.ts'

/** A part of a path. */
export interface PathPiece {
  text: string
  /** The field that it sets; null for a literal. */
  readonly field: DescField | null
  /** The path of the field, such as `book.name`; empty for a literal. */
  readonly key: string
}

/** A parameter of a query. */
export interface QueryParameter {
  key: string
  value: string
  /** The field that it sets; null if it sets none. */
  readonly field: DescField | null
}

/** A request under construction. Texts of the path and the query are percent-encoded. */
export interface RequestDraft {
  readonly method: DescMethod
  readonly rule: HttpRule
  verb: string
  /** Literals, and values with the field that they set. Joined they are the path. */
  readonly path: PathPiece[]
  readonly query: QueryParameter[]
  readonly headers: Record<string, string>
  body: string | null
}

const BODY_DEPTH = 3
const QUERY_DEPTH = 3

/** Creates a valid request for one rule of a method. */
export function createDraft(method: DescMethod, rule: HttpRule, random: SeededRandom): RequestDraft {
  const { verb, template } = patternOf(rule)
  const path = pathOf(method.input, template, random)
  const draft: RequestDraft = { method, rule, verb, path, query: [], headers: {}, body: null }
  if (rule.body !== '*') addQuery(draft, random)
  if (rule.body === '') return draft
  const field = rule.body === '*' ? undefined : method.input.fields.find(({ name }) => name === rule.body)
  const json = field === undefined ? objectOf(method.input, random, BODY_DEPTH) : fieldJson(field, random, BODY_DEPTH)
  draft.headers['content-type'] = 'application/json'
  draft.body = JSON.stringify(json)
  return draft
}

function patternOf({ pattern }: HttpRule): { readonly verb: string; readonly template: string } {
  if (pattern.case === undefined) throw new Error('a rule without a pattern')
  if (pattern.case !== 'custom') return { verb: pattern.case.toUpperCase(), template: pattern.value }
  const { kind, path } = pattern.value
  return { verb: kind === '*' ? 'GET' : kind, template: path }
}

/** Splits into literals and captures: a variable, or a wildcard outside of one. */
const PIECES = /\{([^=}]+)(?:=([^}]+))?\}|\*\*?/g

function pathOf(input: DescMessage, template: string, random: SeededRandom): RequestDraft['path'] {
  const path: RequestDraft['path'] = []
  let at = 0
  for (const { 0: all, 1: name, 2: segments = all.startsWith('{') ? '*' : all, index } of template.matchAll(PIECES)) {
    path.push({ text: template.slice(at, index), field: null, key: '' })
    const field = name === undefined ? null : fieldAt(input, name.split('.'))
    path.push({ text: captureOf(field, segments, random), field, key: name ?? '' })
    at = index + all.length
  }
  path.push({ text: template.slice(at), field: null, key: '' })
  return path
}

function captureOf(field: DescField | null, segments: string, random: SeededRandom): string {
  const element = textElementOf(field)
  const one = () => (element === undefined ? random.word(3) : textOf(element, random)) || 'empty'
  const texts = segments.split('/').map((segment) => {
    if (segment === '*') return encodeURIComponent(one())
    if (segment !== '**') return segment
    return Array.from({ length: 1 + random.below(3) }, () => encodeURIComponent(one())).join('/')
  })
  return texts.join('/')
}

function fieldAt(message: DescMessage, names: readonly string[]): DescField {
  const field = message.fields.find(({ name }) => name === names[0])
  if (field === undefined) throw new Error(`${message.typeName} has no field ${names.join('.')}`)
  return names.length === 1 || field.message === undefined ? field : fieldAt(field.message, names.slice(1))
}

function addQuery({ method, rule, path, query }: RequestDraft, random: SeededRandom): void {
  const bound = new Set(path.map(({ field }) => field))
  const seen = new Set<DescField>()
  for (let left = random.below(5); left > 0; left--) {
    const found = randomLeaf(method.input, random)
    if (found === undefined || bound.has(found.leaf) || seen.has(found.leaf) || found.top.name === rule.body) continue
    if (clashes(found.leaf, [...bound, ...seen])) continue
    seen.add(found.leaf)
    const element = textElementOf(found.leaf)
    if (element === undefined) continue
    const times = found.leaf.fieldKind === 'list' ? 1 + random.below(3) : 1
    for (let each = 0; each < times; each++) {
      query.push({ key: found.key, value: encodeURIComponent(textOf(element, random)), field: found.leaf })
    }
  }
}

/** Whether another member of its oneof is set. */
function clashes({ oneof }: DescField, others: readonly (DescField | null)[]): boolean {
  return oneof !== undefined && others.some((other) => other?.oneof === oneof)
}

/** A field that a query can set, by a path of proto names or JSON names. */
function randomLeaf(
  message: DescMessage,
  random: SeededRandom,
): { readonly key: string; readonly top: DescField; readonly leaf: DescField } | undefined {
  const names: string[] = []
  let top: DescField | undefined
  for (let at: DescMessage | undefined = message; at !== undefined && names.length < QUERY_DEPTH; ) {
    if (at.fields.length === 0) return undefined
    const field: DescField = random.pick(at.fields)
    top ??= field
    names.push(random.below(3) === 0 ? field.jsonName : field.name)
    if (textElementOf(field) !== undefined) return { key: names.join('.'), top, leaf: field }
    at = field.fieldKind === 'message' && !isWellKnown(field.message) ? field.message : undefined
  }
  return undefined
}

function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.')
}
