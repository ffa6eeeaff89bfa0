/** What all snippets of a call have in common. */
import type { DescMethod } from '@bufbuild/protobuf'
import { pathOf } from '../api/api.ts'
import { isSecretHeader, type SavedCall, type SavedHeader, SECRET_HEADERS } from '../contracts/saved-call.ts'
import { jsonLine } from './json-line.ts'
import type { SnippetPlace } from './snippet.ts'

/** A request header. The value of a secret is that of an environment variable. */
export type SnippetHeader =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly variable: string }

/** A call, checked and in the form that snippets need. */
export interface SnippetCall {
  readonly saved: SavedCall
  readonly method: DescMethod
  readonly place: SnippetPlace
  /** The whole URL of the method. */
  readonly url: string
  /** The request messages, each on one line. */
  readonly messages: readonly string[]
  readonly headers: readonly SnippetHeader[]
  /** What holds for every snippet. */
  readonly notes: readonly string[]
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const VALUE = /^[\t\x20-\x7e]*$/

/** Prepares a call for snippets. */
export function snippetCall(saved: SavedCall, method: DescMethod, place: SnippetPlace): SnippetCall {
  const valid = saved.headers.filter(isValid)
  const headers = valid.map(snippetHeader)
  return {
    saved,
    method,
    place,
    url: `${place.origin}${place.prefix}/${pathOf(method)}`,
    messages: messagesOf(saved, method),
    headers,
    notes: [...secretNotes(headers), ...invalidNotes(saved.headers.filter((header) => !isValid(header)))],
  }
}

/** Whether a method takes exactly one message. */
export function takesOne({ methodKind }: DescMethod): boolean {
  return methodKind === 'unary' || methodKind === 'server_streaming'
}

/** A method that takes one message gets an empty one if there is none. */
function messagesOf({ messages }: SavedCall, method: DescMethod): readonly string[] {
  const lines = messages.map((text) => jsonLine(text) || '{}')
  return takesOne(method) ? [lines[0] ?? '{}'] : lines
}

function isValid({ name, value }: SavedHeader): boolean {
  return TOKEN.test(name) && VALUE.test(value)
}

function snippetHeader({ name, value }: SavedHeader): SnippetHeader {
  const lower = name.toLowerCase()
  const isSecret = value === '' || isSecretHeader(lower)
  return isSecret ? { name: lower, variable: variableOf(lower) } : { name: lower, value }
}

/** Links name headers: without the prefix, one could read a variable that the user has for something else, such as `PATH`. */
function variableOf(name: string): string {
  const words = name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')
  return SECRET_HEADERS.has(name) ? words : `HEADER_${words}`
}

function secretNotes(headers: readonly SnippetHeader[]): string[] {
  const variables = headers.flatMap((header) => ('variable' in header ? [header.variable] : []))
  if (variables.length === 0) return []
  const example = variables.includes('AUTHORIZATION') ? ", as in: export AUTHORIZATION='Bearer TOKEN'" : ''
  return [`Set ${variables.join(', ')} in the environment first${example}.`]
}

function invalidNotes(headers: readonly SavedHeader[]): string[] {
  if (headers.length === 0) return []
  return [`Left out, as HTTP does not allow them: ${headers.map(({ name }) => JSON.stringify(name)).join(', ')}.`]
}
