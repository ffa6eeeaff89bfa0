/** Builds the HTTP request of a call by REST, as the rule `google.api.http` of its method says. */
import type { DescField, DescMessage, DescMethod, JsonObject, JsonValue, Message, Registry } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { type HttpBinding, httpRuleOf } from './http-rule.ts'
import { isJsonObject, memberOf } from './json-member.ts'
import { parsePathTemplate, variablesOf, writePath } from './path-template.ts'
import { queryParameters, textOf } from './query-parameters.ts'

/** A request of HTTP. */
export interface RestRequest {
  readonly binding: HttpBinding
  readonly verb: string
  /** From the root of the API, with the query. */
  readonly target: string
  /** Null for no body. */
  readonly body: Uint8Array<ArrayBuffer> | null
  /** Null without a body. */
  readonly contentType: string | null
}

/** Methods that pages cannot send, and those whose body browsers refuse. */
const FORBIDDEN_VERBS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
const BODYLESS_VERBS: ReadonlySet<string> = new Set(['GET', 'HEAD'])
const HTTP_BODY = 'google.api.HttpBody'

/**
 * Builds the request of the first binding that can carry the message.
 *
 * @throws RangeError with what keeps the first binding from it, if none can
 */
export function buildRestRequest(method: DescMethod, message: Message, registry: Registry): RestRequest {
  const bindings = httpRuleOf(method)
  if (bindings === undefined) throw new RangeError('The method has no option google.api.http.')
  let first: unknown
  for (const binding of bindings) {
    try {
      return buildByBinding(binding, method.input, message, registry)
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

/**
 * Builds the request of one binding.
 *
 * @throws RangeError with a sentence, if the binding cannot carry the message
 */
export function buildByBinding(
  binding: HttpBinding,
  schema: DescMessage,
  message: Message,
  registry: Registry,
): RestRequest {
  const verb = binding.verb === '*' ? 'POST' : binding.verb
  if (FORBIDDEN_VERBS.has(verb)) throw new RangeError(`Browsers do not let pages send ${verb}.`)
  if (BODYLESS_VERBS.has(verb) && binding.body !== '') throw new RangeError(`Browsers send no body with ${verb}.`)
  const json = jsonOf(schema, message, registry)
  const template = parsePathTemplate(binding.template)
  const path = writePath(template, (field) => fieldText(schema, json, field))
  const query = queryOf(binding, schema, json, variablesOf(template))
  return { binding, verb, target: `${path}${query}`, ...bodyOf(binding.body, { schema, message, json }) }
}

function queryOf({ body }: HttpBinding, schema: DescMessage, json: JsonObject, inPath: readonly string[]): string {
  if (body === '*') return ''
  const parameters = queryParameters(schema, json, new Set([...inPath, body]))
  const pairs = parameters.map(([name, text]) => `${encode(name)}=${encode(text)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function jsonOf(schema: DescMessage, message: Message, registry: Registry): JsonObject {
  try {
    const json = toJson(schema, message, { registry })
    return isJsonObject(json) ? json : {}
  } catch (error) {
    throw new RangeError(`The message has no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Returns the text of a field in a path; empty if it is not set. */
function fieldText(schema: DescMessage, json: JsonObject, path: string): string {
  let place: JsonValue | undefined = json
  let type: DescMessage | undefined = schema
  for (const name of path.split('.')) {
    const field: DescField | undefined = type?.fields.find((each) => each.name === name)
    if (field === undefined || !isJsonObject(place)) return ''
    place = memberOf(place, field.jsonName)
    type = field.fieldKind === 'message' ? field.message : undefined
    // The default of a number or of an enum is not in JSON, but is a text in a path.
    if (place === undefined) return defaultText(field)
  }
  return place === undefined ? '' : textOf(path, place)
}

function defaultText(field: DescField): string {
  if (field.fieldKind === 'enum') return field.enum.values.find(({ number }) => number === 0)?.name ?? ''
  if (field.fieldKind !== 'scalar') return ''
  const value = field.getDefaultValue()
  return typeof value === 'object' ? '' : String(value ?? '')
}

interface Encoded {
  readonly schema: DescMessage
  readonly message: Message
  readonly json: JsonObject
}

function bodyOf(body: string, encoded: Encoded): Pick<RestRequest, 'body' | 'contentType'> {
  if (body === '') return NO_BODY
  if (body === '*') {
    const { schema, message, json } = encoded
    return schema.typeName === HTTP_BODY ? rawBody(message) : jsonBody(json)
  }
  const field = encoded.schema.fields.find(({ name }) => name === body)
  if (field === undefined) throw new RangeError(`${encoded.schema.typeName} has no field ${body}.`)
  if (field.fieldKind === 'message' && field.message.typeName === HTTP_BODY)
    return rawBody((encoded.message as unknown as Record<string, Message | undefined>)[field.localName])
  const value = memberOf(encoded.json, field.jsonName)
  return value === undefined ? NO_BODY : jsonBody(value)
}

const NO_BODY = { body: null, contentType: null }

function jsonBody(value: JsonValue): Pick<RestRequest, 'body' | 'contentType'> {
  return { body: new TextEncoder().encode(JSON.stringify(value)), contentType: 'application/json' }
}

function rawBody(message: Message | undefined): Pick<RestRequest, 'body' | 'contentType'> {
  const { contentType = '', data = new Uint8Array() } = (message ?? {}) as {
    readonly contentType?: string
    readonly data?: Uint8Array<ArrayBuffer>
  }
  return { body: data, contentType: contentType === '' ? 'application/octet-stream' : contentType }
}
