/** Adds fields that are not set to JSON, as null: `EmitUnpopulated` of Go's protojson. */
import type { DescField, DescMessage, JsonObject, JsonValue, JsonWriteOptions, Message } from '@bufbuild/protobuf'
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'

/** Well-known types have JSON of their own. */
const SPECIAL_PACKAGE = 'google.protobuf.'

/**
 * Adds what protobuf-es leaves out even with `alwaysEmitImplicit`: null for messages, and for fields of proto2, that are not set. Members of
 * oneofs and `optional` fields of proto3 stay absent.
 *
 * @param json what protobuf-es has written for the message; changed in place
 */
export function addUnpopulated(
  desc: DescMessage,
  message: Message,
  json: JsonValue,
  options: Partial<JsonWriteOptions>,
): void {
  if (isObject(json)) addTo(reflect(desc, message), json, options.useProtoFieldName === true)
}

function addTo(message: ReflectMessage, json: JsonObject, usesProtoNames: boolean): void {
  if (message.desc.typeName.startsWith(SPECIAL_PACKAGE)) return
  for (const field of message.fields) {
    const key = usesProtoNames ? field.name : field.jsonName
    if (message.isSet(field)) addToField({ message, field, json: json[key] }, usesProtoNames)
    else if (!Object.hasOwn(json, key) && field.oneof === undefined && !isOptional(field)) json[key] = null
  }
}

interface SetField {
  readonly message: ReflectMessage
  readonly field: DescField
  readonly json: JsonValue | undefined
}

function addToField({ message, field, json }: SetField, usesProtoNames: boolean): void {
  if (field.message === undefined || typeof json !== 'object' || json === null) return
  if (field.fieldKind === 'message') addToMessage(message.get(field), json, usesProtoNames)
  else if (field.fieldKind === 'list') {
    const items = json as JsonValue[]
    let index = 0
    for (const item of message.get(field)) addToMessage(item, items[index++], usesProtoNames)
  } else if (field.fieldKind === 'map') {
    for (const [key, item] of message.get(field)) addToMessage(item, (json as JsonObject)[String(key)], usesProtoNames)
  }
}

function addToMessage(message: unknown, json: JsonValue | undefined, usesProtoNames: boolean): void {
  if (isObject(json)) addTo(message as ReflectMessage, json, usesProtoNames)
}

/** `optional` of proto3 is a oneof of its own in descriptors of other languages. */
function isOptional(field: DescField): boolean {
  return field.proto.proto3Optional
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
