/** Messages as texts of JSON, made once for each. */
import { type DescMessage, type JsonValue, type Message, type Registry, toJson } from '@bufbuild/protobuf'

const lines = new WeakMap<Message, string>()

/** Returns the JSON of a message; a text that says why, if it has none, as with an Any of an unknown type. */
export function messageJson(schema: DescMessage, message: Message, registry: Registry): JsonValue {
  try {
    return toJson(schema, message, { registry })
  } catch (error) {
    return `(no JSON: ${error instanceof Error ? error.message : String(error)})`
  }
}

/** Returns the JSON of a message in one line. */
export function messageLine(schema: DescMessage, message: Message, registry: Registry): string {
  let line = lines.get(message)
  if (line === undefined) {
    line = JSON.stringify(messageJson(schema, message, registry))
    lines.set(message, line)
  }
  return line
}
