/** Converts google.protobuf.Struct to the JSON object that a field holds, and back when another occurrence of the field is merged into it. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { type ListValue, NullValue, type Struct, type Value } from '@bufbuild/protobuf/wkt'
import { setOwn } from '../set-own.ts'

/** Returns the message of a field's JSON object; an empty one if the field is not set. */
export function structOf(json: unknown): Struct {
  const fields: Struct['fields'] = {}
  if (typeof json === 'object' && json !== null) {
    for (const [key, value] of Object.entries(json)) setOwn(fields, key, protoValueOf(value))
  }
  return { $typeName: 'google.protobuf.Struct', fields }
}

/** Returns the JSON object of a message. */
export function jsonOf({ fields }: Struct): JsonObject {
  const json: JsonObject = {}
  for (const key of Object.keys(fields)) setOwn(json, key, jsonValueOf(fields[key] as Value))
  return json
}

function jsonValueOf({ kind }: Value): JsonValue {
  switch (kind.case) {
    case 'structValue':
      return jsonOf(kind.value)
    case 'listValue':
      return kind.value.values.map(jsonValueOf)
    case 'nullValue':
    case undefined:
      return null
    default:
      return kind.value
  }
}

function protoValueOf(json: JsonValue): Value {
  return { $typeName: 'google.protobuf.Value', kind: kindOf(json) }
}

function kindOf(json: JsonValue): Value['kind'] {
  switch (typeof json) {
    case 'number':
      return { case: 'numberValue', value: json }
    case 'string':
      return { case: 'stringValue', value: json }
    case 'boolean':
      return { case: 'boolValue', value: json }
    default:
      if (json === null) return { case: 'nullValue', value: NullValue.NULL_VALUE }
      return Array.isArray(json)
        ? { case: 'listValue', value: listOf(json) }
        : { case: 'structValue', value: structOf(json) }
  }
}

function listOf(items: readonly JsonValue[]): ListValue {
  return { $typeName: 'google.protobuf.ListValue', values: items.map(protoValueOf) }
}
