/** Reads objects of JSON whose keys come from descriptors. */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'

/** Returns the value of a key. Fields may be called `constructor` or `toString`, which every object has by inheritance. */
export function memberOf(json: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(json, name) ? json[name] : undefined
}

/** Whether a value is an object, rather than a list or a scalar. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
