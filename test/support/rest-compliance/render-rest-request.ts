/** What a client sends for a message: path, query and body, as google/api/http.proto tells clients to write them. */
import { type DescMessage, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf'
import type { HttpRule } from '../../../gen/google/api/http_pb.js'

/** An HTTP request. */
export interface RenderedRequest {
  readonly method: string
  readonly path: string
  /** JSON; absent without a body. */
  readonly body?: string
}

type JsonObject = { [key: string]: JsonValue }

/** Returns the request for one rule. Fields of the path are left out of query and body. */
export function renderRestRequest<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  { pattern, body }: HttpRule,
): RenderedRequest {
  if (pattern.case === undefined || pattern.case === 'custom') throw new Error('a rule with an HTTP method is needed')
  const method = pattern.case.toUpperCase()
  const rest = toJson(schema, message) as JsonObject
  const complete = toJson(schema, message, { alwaysEmitImplicit: true }) as JsonObject
  const path = pattern.value.replace(VARIABLE, (_, name: string, segments = '*') => {
    const names = jsonNamesOf(schema, name.split('.'))
    take(rest, names)
    return encodeSegments(String(take(complete, names) ?? ''), segments)
  })
  if (body === '*') return { method, path, body: JSON.stringify(rest) }
  const content = body === '' ? undefined : JSON.stringify(take(rest, jsonNamesOf(schema, [body])) ?? {})
  const query = parametersOf(rest).join('&')
  return { method, path: query === '' ? path : `${path}?${query}`, ...(content !== undefined && { body: content }) }
}

const VARIABLE = /\{([^=}]+)(?:=([^}]+))?\}/g

/** Only a variable with a slash in its template keeps slashes. */
function encodeSegments(text: string, segments: string): string {
  return segments === '*' ? encode(text) : text.split('/').map(encode).join('/')
}

/** All but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

function jsonNamesOf(schema: DescMessage, [first, ...rest]: readonly string[]): readonly string[] {
  const field = schema.fields.find(({ name }) => name === first)
  if (field === undefined) throw new Error(`${schema.typeName} has no field ${first}`)
  return rest.length === 0 || field.message === undefined
    ? [field.jsonName]
    : [field.jsonName, ...jsonNamesOf(field.message, rest)]
}

/** Removes a value, and returns it. */
function take(object: JsonObject, [name = '', ...rest]: readonly string[]): JsonValue | undefined {
  const value = object[name]
  if (rest.length > 0) return typeof value === 'object' ? take(value as JsonObject, rest) : undefined
  delete object[name]
  return value
}

function parametersOf(value: JsonValue, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => parametersOf(item, key))
  if (typeof value !== 'object' || value === null) return [`${encode(key)}=${encode(String(value))}`]
  return Object.entries(value).flatMap(([name, inner]) => parametersOf(inner, key === '' ? name : `${key}.${name}`))
}
