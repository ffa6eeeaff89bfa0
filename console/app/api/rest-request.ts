/** A request message as an HTTP request by a REST route: what `google/api/http.proto` calls transcoding, from the side of the client. */
import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import type { RestRoute } from './rest-routes.ts'

/** An HTTP request. */
export interface RestRequest {
  readonly httpMethod: string
  /** Path and query, encoded. The prefix of the server is missing. */
  readonly target: string
  /** JSON; null for none. */
  readonly body: string | null
}

/** A message to send. */
export interface RestMessage {
  readonly schema: DescMessage
  readonly message: Message
  /** The types of values of `google.protobuf.Any`. */
  readonly registry: Registry
}

/** Returns the request of the first route that can carry the whole message; undefined if none can. */
export function restRequestOf(routes: readonly RestRoute[], sent: RestMessage): RestRequest | undefined {
  for (const route of routes) {
    const request = requestBy(route, sent)
    if (request !== undefined) return request
  }
  return undefined
}

function requestBy({ httpMethod, template, body }: RestRoute, sent: RestMessage): RestRequest | undefined {
  const { schema, message, registry } = sent
  const json = toJson(schema, message, { registry })
  const path = fillTemplate(template, schema, toJson(schema, message, { registry, alwaysEmitImplicit: true }))
  if (!isObject(json) || path === undefined) return undefined
  const rest = path.fields.reduce((left, field) => without(left, field), json)
  if (body === '*') return { httpMethod, target: path.text, body: JSON.stringify(rest) }
  const field = body === '' ? undefined : schema.fields.find(({ name }) => name === body)
  if (body !== '' && (field === undefined || isRaw(field))) return undefined
  const { [field?.jsonName ?? '']: value, ...others } = rest
  const query = queryOf(schema, field === undefined ? rest : others)
  if (query === undefined) return undefined
  const target = query.length === 0 ? path.text : `${path.text}?${query.join('&')}`
  return { httpMethod, target, body: field === undefined || value === undefined ? null : JSON.stringify(value) }
}

/** Its body is no JSON. */
function isRaw({ message }: DescField): boolean {
  return message?.typeName === 'google.api.HttpBody'
}

interface FilledPath {
  readonly text: string
  /** The fields in it, each as a path of JSON names. */
  readonly fields: readonly (readonly string[])[]
}

const VARIABLE = /\{([\w.]+)(?:=([^}]*))?\}/g

function fillTemplate(template: string, schema: DescMessage, json: JsonValue): FilledPath | undefined {
  const fields: (readonly string[])[] = []
  let isFilled = !template.replace(VARIABLE, '').includes('*')
  const text = template.replace(VARIABLE, (_, name: string, pattern = '*') => {
    const field = jsonPathOf(schema, name)
    const value = field && valueAt(json, field)
    if (field === undefined || value === undefined || !matches(value, pattern)) {
      isFilled = false
      return ''
    }
    fields.push(field)
    return pattern === '*' ? encode(value) : value.split('/').map(encode).join('/')
  })
  return isFilled ? { text, fields } : undefined
}

/** Whether the segments of a value are those that a variable takes. */
function matches(value: string, pattern: string): boolean {
  if (pattern === '*') return value !== ''
  const source = pattern
    .split('/')
    .map((segment) => (segment === '**' ? '.*' : segment === '*' ? '[^/]+' : escapePattern(segment)))
  return new RegExp(`^${source.join('/')}$`, 's').test(value)
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Unlike `encodeURIComponent`, leaves only characters that RFC 3986 calls unreserved. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

function jsonPathOf(schema: DescMessage, name: string): readonly string[] | undefined {
  const path: string[] = []
  let at: DescMessage | undefined = schema
  for (const part of name.split('.')) {
    const field: DescField | undefined = at?.fields.find((each) => each.name === part)
    if (field === undefined) return undefined
    path.push(field.jsonName)
    at = field.message
  }
  return path
}

function valueAt(json: JsonValue, path: readonly string[]): string | undefined {
  let value: JsonValue | undefined = json
  for (const name of path) value = isObject(value) ? value[name] : undefined
  return textOf(value)
}

function textOf(value: JsonValue | undefined): string | undefined {
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}

function without(json: JsonObject, [name = '', ...path]: readonly string[]): JsonObject {
  const { [name]: value, ...others } = json
  if (value === undefined || path.length === 0 || !isObject(value)) return others
  const left = without(value, path)
  return Object.keys(left).length === 0 ? others : { ...others, [name]: left }
}

/** Parameters for all fields; undefined if one cannot be a parameter, such as a map. */
function queryOf(schema: DescMessage, json: JsonObject, prefix = ''): string[] | undefined {
  const parameters: string[] = []
  for (const [name, value] of Object.entries(json)) {
    const field = schema.fields.find((each) => each.jsonName === name)
    const found = field && parametersOf(field, value, prefix)
    if (found === undefined) return undefined
    parameters.push(...found)
  }
  return parameters
}

function parametersOf(field: DescField, value: JsonValue, prefix: string): string[] | undefined {
  const name = `${prefix}${field.jsonName}`
  if (isObject(value)) {
    const isNested = field.fieldKind === 'message' && !field.message.typeName.startsWith('google.protobuf.')
    const isEmpty = Object.keys(value).length === 0
    return isNested && !isEmpty ? queryOf(field.message, value, `${name}.`) : undefined
  }
  const values = Array.isArray(value) ? value : [value]
  const texts = values.map(textOf)
  if (field.fieldKind === 'message' && Array.isArray(value)) return undefined
  return texts.includes(undefined) ? undefined : texts.map((text) => `${encode(name)}=${encode(text ?? '')}`)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
