/** Reads a message from its JSON. */
import { type DescMessage, fromJson, type JsonReadOptions, type JsonValue, type MessageShape } from '@bufbuild/protobuf'
import { parseJson } from './parse-json.ts'
import { resolveNumbers } from './resolve-numbers.ts'

/** How deep messages nest unless the options say otherwise, as in protobuf-es. */
const DEFAULT_RECURSION_LIMIT = 100

/** A message takes two levels of JSON where it is the element of a list or the value of a map. */
const LEVELS_PER_MESSAGE = 2

/**
 * Reads a message as protobuf-es does, but integers of 64 bits that are written as numbers are exact, and the text is held to
 * bounds before it is parsed.
 *
 * @param maxBytes what its values may take in memory, estimated. Default: no bound but the length of the text
 * @throws ConnectError as `scanJson` does
 * @throws Error for a text that is not JSON, or not such a message; it names the field
 */
export function messageFromJson<Schema extends DescMessage>(
  schema: Schema,
  text: string,
  options: Partial<JsonReadOptions>,
  maxBytes = Number.POSITIVE_INFINITY,
): MessageShape<Schema> {
  const maxDepth = LEVELS_PER_MESSAGE * (options.recursionLimit ?? DEFAULT_RECURSION_LIMIT)
  const { value, isRaw } = parseJson(text, { maxDepth, maxBytes })
  const json = isRaw ? resolveNumbers(schema, value, options.registry) : value
  return fromJson(schema, json as JsonValue, options)
}
