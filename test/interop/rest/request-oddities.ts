/** What can be unusual about a REST request: each modifies a request under construction, or finds nothing to modify. */
import { type DescField, ScalarType } from '@bufbuild/protobuf'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { oddTextOf, textElementOf, textOf } from './element-values.ts'
import type { RequestDraft } from './request-draft.ts'

/** One oddity. */
export interface RequestOddity<Name extends string = string> {
  readonly name: Name
  /** Returns false if there is nothing to modify in this way. */
  readonly apply: (draft: RequestDraft, random: SeededRandom) => boolean
}

/** All of them. */
export const ODDITIES = [
  // Paths
  { name: 'escaped letter in a literal', apply: (draft) => replaceInLiteral(draft, /[a-z]/, escapeByte) },
  { name: 'escaped letter in a value', apply: (draft, random) => replaceInValue(draft, random, /[a-z]/, escapeByte) },
  {
    name: 'escaped slash',
    apply: (draft, random) => appendToValue(draft, random, random.pick(['%2F', '%2f', '%2Fx'])),
  },
  {
    name: 'colon in a value',
    apply: (draft, random) => appendToValue(draft, random, random.pick([':', ':x', '%3Ax'])),
  },
  {
    name: 'unescaped reserved character',
    apply: (draft, random) => appendToValue(draft, random, random.pick(RESERVED)),
  },
  {
    name: 'escaped reserved character',
    apply: (draft, random) => appendToValue(draft, random, escapeByte(random.pick(RESERVED))),
  },
  {
    name: 'escape of lower case',
    apply: (draft, random) => replaceInValue(draft, random, /%[0-9A-F]{2}/, (text) => text.toLowerCase()),
  },
  { name: 'malformed escape', apply: (draft, random) => appendToValue(draft, random, random.pick(['%', '%4', '%zz'])) },
  {
    name: 'invalid UTF-8',
    apply: (draft, random) => appendToValue(draft, random, random.pick(['%FF', '%C3', '%ED%A0%80'])),
  },
  { name: 'empty segment', apply: (draft) => replaceInLiteral(draft, /\/(?=.)/, () => '//') },
  { name: 'empty value', apply: (draft, random) => replaceInValue(draft, random, /^[^/]+$/, () => '') },
  { name: 'trailing slash', apply: (draft) => replaceLast(draft, /$/, '/') },
  { name: 'one more segment', apply: (draft) => replaceLast(draft, /$/, '/more') },
  { name: 'one segment less', apply: (draft) => replaceLast(draft, /\/?[^/]*$/, '') },
  { name: 'unknown verb suffix', apply: (draft) => replaceLast(draft, /$/, ':unknown') },
  { name: 'upper case literal', apply: (draft) => replaceInLiteral(draft, /[a-z]/, (text) => text.toUpperCase()) },
  { name: 'odd text in the path', apply: oddPath },
  { name: 'other HTTP method', apply: otherVerb },

  // Queries
  {
    name: 'unknown parameter',
    apply: (draft, random) => add(draft, random.pick(['unknown', 'a.b', '__proto__', 'key.']), 'x'),
  },
  { name: 'parameter without a name', apply: (draft) => add(draft, '', 'x') },
  { name: 'ignored parameter', apply: (draft, random) => add(draft, random.pick(['$alt', 'prettyPrint']), 'json') },
  { name: 'parameter of a path field', apply: queryOfPathField },
  { name: 'parameter of a body field', apply: queryOfBodyField },
  { name: 'singular parameter twice', apply: (draft, random) => repeatParameter(draft, random) },
  { name: 'empty parameter', apply: (draft, random) => changeParameter(draft, random, () => '') },
  { name: 'plus in a parameter', apply: plusParameter },
  { name: 'odd text in the query', apply: oddParameter },
  { name: 'escaped key', apply: escapeKey },
  {
    name: 'malformed escape in the query',
    apply: (draft, random) => changeParameter(draft, random, (text) => `${text}%zz`),
  },
  { name: 'parameter of a message', apply: messageParameter },
  { name: 'second member of a oneof', apply: secondMember },

  // Bodies
  { name: 'empty body', apply: (draft) => changeBody(draft, () => '') },
  { name: 'body without a mapping', apply: unmappedBody },
  {
    name: 'unknown field in the body',
    apply: (draft) => changeObject(draft, (text, comma) => `{"unknown":[1,{"a":null}]${comma}${text}`),
  },
  { name: 'key twice in the body', apply: keyTwice },
  { name: 'null in the body', apply: (draft, random) => changeFieldOf(draft, random, () => 'null') },
  {
    name: 'wrong type in the body',
    apply: (draft, random) =>
      changeFieldOf(draft, random, () => random.pick(['[[1]]', '{"a":{}}', 'true', '"\u00e9"', '1.5'])),
  },
  {
    name: 'invalid JSON',
    apply: (draft, random) =>
      changeBody(draft, (text) =>
        random.pick([`${text}}`, text.slice(0, -1), `${text} x`, text.replaceAll('"', "'"), '{"a"}']),
      ),
  },
  { name: 'whitespace around the body', apply: (draft) => changeBody(draft, (text) => ` \r\n\t${text}\n`) },
  { name: 'byte order mark', apply: (draft) => changeBody(draft, (text) => `\ufeff${text}`) },

  // Headers
  {
    name: 'content type with charset',
    apply: (draft, random) =>
      setType(
        draft,
        random.pick(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'Application/JSON']),
      ),
  },
  { name: 'no content type', apply: noType },
  {
    name: 'other content type',
    apply: (draft, random) =>
      setType(
        draft,
        random.pick([
          'text/plain',
          'application/xml',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
        ]),
      ),
  },
  {
    name: 'content type of gRPC',
    apply: (draft, random) =>
      setType(draft, random.pick(['application/grpc', 'application/grpc-web', 'application/connect+json'])),
  },
] as const satisfies readonly RequestOddity[]

/** The name of one. */
export type OddityName = (typeof ODDITIES)[number]['name']

const RESERVED = ['!', '$', '&', "'", '(', ')', '*', '+', ',', ';', '=', '@', ':']
const VERBS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

function escapeByte(text: string): string {
  return `%${text.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function replaceInLiteral({ path }: RequestDraft, pattern: RegExp, change: (text: string) => string): boolean {
  const literal = path.find(({ text, field }) => field === null && pattern.test(text))
  if (literal === undefined) return false
  literal.text = literal.text.replace(pattern, change)
  return true
}

function replaceInValue(
  { path }: RequestDraft,
  random: SeededRandom,
  pattern: RegExp,
  change: (text: string) => string,
): boolean {
  const values = path.filter(({ text, field }) => field !== null && pattern.test(text))
  if (values.length === 0) return false
  const value = random.pick(values)
  value.text = value.text.replace(pattern, change)
  return true
}

/** Only to text fields: in others it would be just an invalid value. */
function appendToValue({ path }: RequestDraft, random: SeededRandom, text: string): boolean {
  const values = path.filter(({ field }) => field?.scalar === ScalarType.STRING)
  if (values.length === 0) return false
  random.pick(values).text += text
  return true
}

function replaceLast({ path }: RequestDraft, pattern: RegExp, text: string): boolean {
  const last = path.findLast((piece) => piece.text !== '')
  if (last === undefined) return false
  last.text = last.text.replace(pattern, text)
  return true
}

function oddPath({ path }: RequestDraft, random: SeededRandom): boolean {
  const value = path.find(({ field }) => field?.scalar !== ScalarType.STRING && textElementOf(field) !== undefined)
  if (value === undefined) return false
  value.text = encodeURIComponent(oddTextFor(value.field, random))
  return true
}

function oddTextFor(field: DescField | null, random: SeededRandom): string {
  const element = textElementOf(field)
  return element === undefined ? '?' : oddTextOf(element, random)
}

function otherVerb(draft: RequestDraft, random: SeededRandom): boolean {
  draft.verb = random.pick(VERBS.filter((verb) => verb !== draft.verb))
  return true
}

function add({ query, rule }: RequestDraft, key: string, value: string): boolean {
  if (rule.body === '*') return false
  query.push({ key, value, field: null })
  return true
}

function queryOfPathField({ path, query }: RequestDraft, random: SeededRandom): boolean {
  const piece = path.find(({ field }) => field !== null)
  if (piece?.field == null) return false
  query.push({ key: piece.key, value: validText(piece.field, random), field: piece.field })
  return true
}

function queryOfBodyField({ method, query, rule }: RequestDraft, random: SeededRandom): boolean {
  if (rule.body === '') return false
  const top = method.input.fields.filter(({ name }) => rule.body === '*' || rule.body === name)
  const leaves = top.flatMap((field) =>
    field.fieldKind === 'message' && textElementOf(field) === undefined
      ? field.message.fields.map((inner) => ({ key: `${field.name}.${inner.name}`, field: inner }))
      : [{ key: field.name, field }],
  )
  const usable = leaves.filter(({ field }) => textElementOf(field) !== undefined)
  if (usable.length === 0) return false
  const { key, field } = random.pick(usable)
  query.push({ key, value: validText(field, random), field })
  return true
}

function repeatParameter({ query }: RequestDraft, random: SeededRandom): boolean {
  const singular = query.find(({ field }) => field !== null && field.fieldKind !== 'list')
  if (singular?.field == null) return false
  query.push({ ...singular, value: validText(singular.field, random) })
  return true
}

function changeParameter({ query }: RequestDraft, random: SeededRandom, change: (text: string) => string): boolean {
  if (query.length === 0) return false
  const parameter = random.pick(query)
  parameter.value = change(parameter.value)
  return true
}

function plusParameter({ query }: RequestDraft): boolean {
  const text = query.find(({ field }) => field?.scalar === ScalarType.STRING)
  if (text === undefined) return false
  text.value += '+plus'
  return true
}

function oddParameter({ query }: RequestDraft, random: SeededRandom): boolean {
  if (query.length === 0) return false
  const parameter = random.pick(query)
  parameter.value = encodeURIComponent(oddTextFor(parameter.field, random))
  return true
}

function escapeKey({ query }: RequestDraft, random: SeededRandom): boolean {
  if (query.length === 0) return false
  const parameter = random.pick(query)
  parameter.key = parameter.key.replace(random.pick([/^./, /\./, /_/]), escapeByte)
  return true
}

function messageParameter({ method, query, rule }: RequestDraft, random: SeededRandom): boolean {
  const messages = method.input.fields.filter(
    (field) => field.message !== undefined && textElementOf(field) === undefined,
  )
  if (messages.length === 0 || rule.body !== '') return false
  query.push({ key: random.pick(messages).name, value: random.pick(['x', '%7B%7D', '']), field: null })
  return true
}

function secondMember({ method, query, rule }: RequestDraft, random: SeededRandom): boolean {
  const members = method.input.oneofs.map(({ fields }) => fields.filter((field) => textElementOf(field) !== undefined))
  const two = members.find(({ length }) => length > 1)?.slice(0, 2)
  if (two === undefined || rule.body !== '') return false
  for (const field of two) query.push({ key: field.name, value: validText(field, random), field })
  return true
}

function validText(field: DescField, random: SeededRandom): string {
  const element = textElementOf(field)
  return element === undefined ? '' : encodeURIComponent(textOf(element, random))
}

/** Replaces the body. Returns false if there is none. */
export function changeBody(draft: RequestDraft, change: (text: string) => string): boolean {
  if (draft.body === null) return false
  draft.body = change(draft.body)
  return true
}

function unmappedBody(draft: RequestDraft): boolean {
  if (draft.body !== null) return false
  draft.body = '{"a":1}'
  draft.headers['content-type'] = 'application/json'
  return true
}

/** @param change from what follows the brace, and the comma that it needs before it */
function changeObject(draft: RequestDraft, change: (text: string, comma: string) => string): boolean {
  if (!draft.body?.startsWith('{')) return false
  const rest = draft.body.slice(1)
  draft.body = change(rest, rest === '}' ? '' : ',')
  return true
}

function keyTwice(draft: RequestDraft): boolean {
  const first = draft.body === null ? null : /^\{"([^"]+)":("[^"\\]*"|true|false|-?[0-9.]+)[,}]/.exec(draft.body)
  if (first === null) return false
  return changeObject(draft, (text) => `{"${first[1]}":${first[2]},${text}`)
}

function changeFieldOf(draft: RequestDraft, random: SeededRandom, value: () => string): boolean {
  const message =
    draft.rule.body === '*'
      ? draft.method.input
      : draft.method.input.fields.find(({ name }) => name === draft.rule.body)?.message
  if (message === undefined || message.fields.length === 0) return false
  const { jsonName } = random.pick(message.fields)
  return changeObject(draft, () => `{"${jsonName}":${value()}}`)
}

function setType(draft: RequestDraft, type: string): boolean {
  if (draft.body === null) return false
  draft.headers['content-type'] = type
  return true
}

function noType(draft: RequestDraft): boolean {
  return draft.body !== null && delete draft.headers['content-type']
}
