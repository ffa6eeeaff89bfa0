/** Reads messages from their JSON. */
import {
  type DescMessage,
  fromJson,
  type JsonReadOptions,
  type JsonValue,
  type MessageShape,
  type Registry,
} from '@bufbuild/protobuf'
import { messageCostsOf } from '../decode-budget/message-costs.ts'
import { JsonWalk } from './json-walk.ts'
import { parseJson } from './parse-json.ts'
import { MAX_BYTES_PER_CHAR } from './scan-json.ts'

/** How deep messages nest unless the options say otherwise, as in protobuf-es. */
const DEFAULT_RECURSION_LIMIT = 100

/** A message takes two levels of JSON where it is the element of a list or the value of a map. */
const LEVELS_PER_MESSAGE = 2

/** An element of a list is `{},` at the least; besides the message it takes a slot, and the first one room for more. */
const MIN_MESSAGE_CHARS = 3
const ELEMENT_BYTES = 250

/** `[],` in a list of `google.protobuf.Value`. */
const JSON_VALUE_BYTES_PER_CHAR = 160

/** `{"m":{"999":0}},` makes room for as many entries. */
const MAP_BYTES_PER_CHAR = 800

/** What types may take that the schema does not name: `google.protobuf.Any` and extensions name them. */
const FOREIGN_BYTES_PER_CHAR = 4_096

/**
 * Reads the messages of one type as protobuf-es does, but integers of 64 bits that are written as numbers are exact, and texts are
 * held to bounds before they are parsed.
 */
export class JsonMessageReader<Schema extends DescMessage> {
  readonly #schema: Schema
  readonly #options: Partial<JsonReadOptions>
  readonly #bounds: Readonly<{ maxDepth: number; budgetBytes: number }>
  /** Texts of up to this length are within the budget, whatever is in them. */
  readonly #freeChars: number

  /** @param budgetBytes what a message and its JSON may take in memory. Default: no bound but the length of the text */
  constructor(schema: Schema, options: Partial<JsonReadOptions>, budgetBytes = Number.POSITIVE_INFINITY) {
    const { recursionLimit = DEFAULT_RECURSION_LIMIT, registry } = options
    this.#schema = schema
    this.#options = options
    this.#bounds = { maxDepth: LEVELS_PER_MESSAGE * recursionLimit, budgetBytes }
    this.#freeChars = freeCharsOf(schema, budgetBytes, registry)
  }

  /**
   * @throws ConnectError as `scanJson` does
   * @throws Error for a text that is not JSON, or not such a message; it names the field
   */
  read(text: string): MessageShape<Schema> {
    const { value, mark, hasLongDigits, bytes } = parseJson(text, this.#bounds)
    const isPlain = mark === null && !hasLongDigits && text.length <= this.#freeChars
    const json = isPlain ? value : this.#walk(value, mark, bytes)
    return fromJson(this.#schema, json as JsonValue, this.#options)
  }

  #walk(value: unknown, mark: string | null, spentBytes: number): unknown {
    const { registry } = this.#options
    const { budgetBytes } = this.#bounds
    return new JsonWalk({ registry, mark, budgetBytes, spentBytes }).walk(this.#schema, value)
  }
}

/** Half of the budget is for the JSON, and half for the message. */
function freeCharsOf(schema: DescMessage, budgetBytes: number, registry: Registry | undefined): number {
  return budgetBytes / 2 / Math.max(MAX_BYTES_PER_CHAR, bytesPerCharOf(schema, registry))
}

/** The most that a message takes for each character of its JSON. */
function bytesPerCharOf(schema: DescMessage, registry: Registry | undefined): number {
  const reachable = new Set([schema])
  let most = JSON_VALUE_BYTES_PER_CHAR
  for (const desc of reachable) {
    most = Math.max(most, (messageCostsOf(desc).createdBytes + ELEMENT_BYTES) / MIN_MESSAGE_CHARS)
    const isOpen = desc.typeName === 'google.protobuf.Any' || desc.proto.extensionRange.length > 0
    if (isOpen && registry !== undefined) return FOREIGN_BYTES_PER_CHAR
    for (const { fieldKind, message } of desc.fields) {
      if (fieldKind === 'map') most = Math.max(most, MAP_BYTES_PER_CHAR)
      if (message !== undefined) reachable.add(message)
    }
  }
  return most
}
