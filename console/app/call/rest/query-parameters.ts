/** The fields of a request message that travel in the query of a URL. */
import type { DescField, DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf'
import { isJsonObject, memberOf } from './json-member.ts'

/** Types whose JSON is an object or a list, and says nothing about their fields. */
const UNSTRUCTURED: ReadonlySet<string> = new Set([
  'google.protobuf.Any',
  'google.protobuf.Struct',
  'google.protobuf.Value',
  'google.protobuf.ListValue',
])

/**
 * Returns the parameters of the fields that are set, by their names in JSON, with dots for nested fields.
 *
 * @param json the message as protobuf's JSON
 * @param skipped the fields that travel elsewhere, by their names in the proto
 * @throws RangeError with a sentence, if a query cannot hold a field
 */
export function queryParameters(
  schema: DescMessage,
  json: JsonObject,
  skipped: ReadonlySet<string>,
): readonly (readonly [name: string, text: string])[] {
  const parameters: (readonly [string, string])[] = []
  collect({ schema, json, names: [], jsonNames: [] }, skipped, parameters)
  return parameters
}

interface Place {
  readonly schema: DescMessage
  readonly json: JsonObject
  readonly names: readonly string[]
  readonly jsonNames: readonly string[]
}

/** Adds the parameters of a message. Returns whether any of its fields travels, in the query or elsewhere. */
function collect(place: Place, skipped: ReadonlySet<string>, parameters: (readonly [string, string])[]): boolean {
  let isAny = false
  for (const field of place.schema.fields) {
    const value = memberOf(place.json, field.jsonName)
    const name = [...place.names, field.name].join('.')
    if (skipped.has(name)) isAny = true
    if (value === undefined || skipped.has(name)) continue
    add(field, value, place, skipped, parameters)
    isAny = true
  }
  return isAny
}

function add(
  field: DescField,
  value: JsonValue,
  { names, jsonNames }: Place,
  skipped: ReadonlySet<string>,
  parameters: (readonly [string, string])[],
): void {
  const path = [...jsonNames, field.jsonName]
  const name = path.join('.')
  const { message } = field
  if (field.fieldKind === 'message' && message !== undefined && isStructured(message) && isJsonObject(value)) {
    const nested = { schema: message, json: value, names: [...names, field.name], jsonNames: path }
    if (collect(nested, skipped, parameters)) return
    throw new RangeError(`${name} is an empty message, which a query cannot say.`)
  }
  if (field.fieldKind === 'map') throw new RangeError(`${name} is a map, which a query cannot hold.`)
  const texts = field.fieldKind === 'list' && Array.isArray(value) ? value : [value]
  for (const each of texts) parameters.push([name, textOf(name, each)])
}

function isStructured({ typeName }: DescMessage): boolean {
  return !UNSTRUCTURED.has(typeName)
}

/**
 * Returns a value without the quotes of JSON.
 *
 * @throws RangeError if it is no scalar
 */
export function textOf(name: string, value: JsonValue): string {
  // The only enum whose JSON has no name.
  if (value === null) return 'NULL_VALUE'
  if (typeof value === 'object') throw new RangeError(`${name} is a message or a list, which a URL cannot hold.`)
  return Object.is(value, -0) ? '-0' : String(value)
}
