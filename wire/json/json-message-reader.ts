/** Reads messages from JSON, within a memory budget and without rounding 64-bit integers. */
import {
  type DescField,
  type DescMessage,
  fromJson,
  type JsonReadOptions,
  type JsonValue,
  type MessageShape,
  type Registry,
} from '@bufbuild/protobuf'
import { DEFAULT_RECURSION_LIMIT } from '../decode-budget/decode-budget.ts'
import { messageCostsOf } from '../decode-budget/message-costs.ts'
import { propertiesBytes } from '../decode-budget/object-bytes.ts'
import { ANY } from './any-json.ts'
import { JsonWalk, MASK_BYTES_PER_CHAR } from './json-walk.ts'
import { parseJson } from './parse-json.ts'
import { countMembers, parseOrNothing, type QuickBounds, quickScan } from './quick-scan.ts'
import type { JsonScanned } from './scan-json.ts'

/** A message in a list or map takes two levels of JSON. */
const LEVELS_PER_MESSAGE = 2

/** A list element takes a slot, the first one several; a `google.protobuf.Value` contains another message. */
const ELEMENT_BYTES = 450

/** A `google.protobuf.Value`, or an entry of a map of `bytes`. */
const SCALAR_BYTES = 256

/** A scalar takes at least a digit and a comma. */
const MIN_SCALAR_CHARS = 2

/** V8 allocates 1,551 elements for the key "999". */
const INDEX_KEY_BYTES = 12_408

/** An upper bound for types that the schema does not name, but `google.protobuf.Any` and extensions do. */
const FOREIGN_BYTES_PER_CHAR = 4_096

/** Upper bounds of the memory that messages of a type take. */
interface MostBytes {
  /** For each array or object of their JSON. */
  readonly perContainer: number
  /** For each character. */
  readonly perChar: number
}

/**
 * Reads messages of one type as protobuf-es does, but keeps 64-bit integers that are written as numbers exact, and checks depth and
 * memory before parsing.
 */
export class JsonMessageReader<Schema extends DescMessage> {
  readonly #schema: Schema
  readonly #options: Partial<JsonReadOptions>
  readonly #bounds: Readonly<{ maxDepth: number; budgetBytes: number }>
  readonly #most: MostBytes
  readonly #quickBounds: QuickBounds

  /** @param budgetBytes maximum memory of a message and its JSON. Default: unlimited */
  constructor(schema: Schema, options: Partial<JsonReadOptions>, budgetBytes = Number.POSITIVE_INFINITY) {
    const { recursionLimit = DEFAULT_RECURSION_LIMIT, registry } = options
    this.#schema = schema
    this.#options = options
    this.#bounds = { maxDepth: LEVELS_PER_MESSAGE * recursionLimit, budgetBytes }
    this.#most = mostBytesOf(schema, registry)
    const perChar = this.#most.perChar + SCALAR_BYTES / MIN_SCALAR_CHARS
    this.#quickBounds = { ...this.#bounds, ...this.#most, perChar, perIndex: INDEX_KEY_BYTES, hasLongDigits: false }
  }

  /**
   * @param field read the text as the value of this field, and return a message that has only this one
   * @throws ConnectError as `scanJson` does
   * @throws Error for text that is not JSON, or not a message of the type; it names the field
   */
  read(text: string, field?: DescField): MessageShape<Schema> {
    return this.convert(this.parse(text, field))
  }

  /**
   * Parses the JSON of a message, in which 64-bit integers are exact.
   *
   * @param field read the text as the value of this field, and return the JSON of a message that has only this one
   * @throws ConnectError as `scanJson` does
   * @throws Error for text that is not JSON
   */
  parse(text: string, field?: DescField): JsonValue {
    const members = quickScan(text, this.#quickBounds)
    const value = members < 0 ? undefined : parseOrNothing(text)
    // Of members with the same key, the parsed value has only the last.
    if (value === undefined || countMembers(value) < members) return this.parseThoroughly(text, field)
    return (field === undefined ? value : { [field.jsonName]: value }) as JsonValue
  }

  /** The bounds of a quick scan. */
  get quickBounds(): QuickBounds {
    return this.#quickBounds
  }

  /** As `parse`, for texts that the quick scan does not answer for. */
  parseThoroughly(text: string, field?: DescField): JsonValue {
    const parsed = parseJson(text, this.#bounds)
    const { mark, hasLongDigits } = parsed
    const value = field === undefined ? parsed.value : { [field.jsonName]: parsed.value }
    const needsWalk = mark !== null || hasLongDigits || this.#mayExceed(parsed, text.length)
    return (needsWalk ? this.#walk(value, mark, parsed.bytes) : value) as JsonValue
  }

  /**
   * Converts what `parse` has returned.
   *
   * @throws Error for JSON that is not a message of the type; it names the field
   */
  convert(json: JsonValue): MessageShape<Schema> {
    return fromJson(this.#schema, json, this.#options)
  }

  /** Whether a message could exceed the budget. Most are too small, which spares the exact computation. */
  #mayExceed({ bytes, containers, scalars, indexKeys }: JsonScanned, chars: number): boolean {
    const { perContainer, perChar } = this.#most
    const most = bytes + containers * perContainer + scalars * SCALAR_BYTES + indexKeys * INDEX_KEY_BYTES
    return most + chars * perChar > this.#bounds.budgetBytes
  }

  #walk(value: unknown, mark: string | null, spentBytes: number): unknown {
    const { registry } = this.#options
    const { budgetBytes } = this.#bounds
    return new JsonWalk({ registry, mark, budgetBytes, spentBytes }).walk(this.#schema, value)
  }
}

function mostBytesOf(schema: DescMessage, registry: Registry | undefined): MostBytes {
  const reachable = new Set([schema])
  let perContainer = 0
  let perChar = 0
  for (const desc of reachable) {
    const { createdBytes, maxProperties } = messageCostsOf(desc)
    perContainer = Math.max(perContainer, createdBytes + propertiesBytes(maxProperties) + ELEMENT_BYTES)
    const isOpen = desc.typeName === ANY || desc.proto.extensionRange.length > 0
    if (isOpen && registry !== undefined) perChar = FOREIGN_BYTES_PER_CHAR
    else if (desc.typeName === 'google.protobuf.FieldMask') perChar = Math.max(perChar, MASK_BYTES_PER_CHAR)
    for (const { message } of desc.fields) if (message !== undefined) reachable.add(message)
  }
  return { perContainer, perChar }
}
