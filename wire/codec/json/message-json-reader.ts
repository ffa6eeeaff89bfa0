/** Reads the messages of one type from JSON. */
import type { DescField, DescMessage, JsonValue, Message } from '@bufbuild/protobuf'
import { DEFAULT_RECURSION_LIMIT } from '../../decode-budget/decode-budget.ts'
import { JsonMessageReader } from '../../json/json-message-reader.ts'
import { parseOrNothing, type QuickBounds, quickScan } from '../../json/quick-scan.ts'
import { JsonReaders } from './json-readers.ts'
import { BySettings, type JsonReaderSettings } from './json-settings.ts'
import type { ReadJson } from './reader-source.ts'
import type { ReadProgress } from './value-readers.ts'

/** Reads messages of one type. */
export interface MessageJsonReader {
  /**
   * Reads a message, as {@link JsonMessageReader} does.
   *
   * @param field read the text as the value of this field, and return a message that has only this one
   * @throws ConnectError for a text that exceeds the limits, or has a key twice
   * @throws Error for text that is not JSON, or not a message of the type; it names the field
   */
  read(text: string, field?: DescField): Message
  /** As {@link JsonMessageReader.parse}. */
  parse(text: string, field?: DescField): JsonValue
  /** As {@link JsonMessageReader.convert}. */
  convert(json: JsonValue): Message
}

const READERS = new BySettings<JsonReaders>()

/** Returns the reader of a type. The functions of a compiled one are shared by all readers with the same options. */
export function messageJsonReader(desc: DescMessage, settings: JsonReaderSettings): MessageJsonReader {
  const { kind, options = {}, budgetBytes } = settings
  const reader = new JsonMessageReader(desc, options, budgetBytes)
  if (kind === 'reflective') return reader
  const variant = `${Boolean(options.ignoreUnknownFields)}`
  const readers = READERS.get(options.registry, variant, () => new JsonReaders(options))
  return new CompiledJsonReader(reader, readers.of(desc), options.recursionLimit)
}

class CompiledJsonReader implements MessageJsonReader {
  readonly #reader: JsonMessageReader<DescMessage>
  readonly #compiled: { readonly read: ReadJson }
  readonly #recursionLimit: number
  readonly #bounds: QuickBounds
  readonly #progress: ReadProgress = { members: 0, isScanned: false }

  constructor(
    reader: JsonMessageReader<DescMessage>,
    compiled: { readonly read: ReadJson },
    recursionLimit = DEFAULT_RECURSION_LIMIT,
  ) {
    this.#reader = reader
    this.#compiled = compiled
    this.#recursionLimit = recursionLimit
    // Compiled code gives up on such strings.
    this.#bounds = { ...reader.quickBounds, hasLongDigits: true }
  }

  read(text: string, field?: DescField): Message {
    const members = quickScan(text, this.#bounds)
    const parsed = members < 0 ? undefined : parseOrNothing(text)
    if (parsed !== undefined) {
      this.#progress.members = field === undefined ? 0 : -1
      this.#progress.isScanned = false
      const json = field === undefined ? parsed : { [field.jsonName]: parsed }
      const message = this.#compiled.read(json, this.#recursionLimit, this.#progress)
      // Fewer members than in the text: a key occurs twice in an object.
      if (message !== undefined && this.#progress.members === members) return message
    }
    return this.convert(this.#reader.parseThoroughly(text, field))
  }

  parse(text: string, field?: DescField): JsonValue {
    return this.#reader.parse(text, field)
  }

  convert(json: JsonValue): Message {
    this.#progress.isScanned = true
    return this.#compiled.read(json, this.#recursionLimit, this.#progress) ?? this.#reader.convert(json)
  }
}
