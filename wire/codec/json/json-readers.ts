/** The readers of all types for the same options. */
import { type DescMessage, fromJson, type JsonReadOptions, type JsonValue, type Message } from '@bufbuild/protobuf'
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt'
import { countMembers } from '../../json/quick-scan.ts'
import { messageConstructor } from '../create/message-creator.ts'
import { isCompiled } from './json-settings.ts'
import { jsonFormOf } from './known-types.ts'
import { compileReader, compileWrapperReader, type ReaderContext, type ReadJson } from './reader-source.ts'
import { readDuration, readListValue, readStruct, readTimestamp, readValue } from './value-readers.ts'

/** Compiles readers at first use, as large APIs have many types that are never read. */
export class JsonReaders implements ReaderContext {
  readonly ignoresUnknown: boolean
  readonly hasRegistry: boolean
  readonly #options: Readonly<Partial<JsonReadOptions>>
  readonly #readers = new WeakMap<DescMessage, { read: ReadJson }>()

  constructor(options: Partial<JsonReadOptions>) {
    this.#options = Object.freeze({ ...options })
    this.ignoresUnknown = Boolean(options.ignoreUnknownFields)
    this.hasRegistry = Boolean(options.registry)
  }

  of(desc: DescMessage): { readonly read: ReadJson } {
    const known = this.#readers.get(desc)
    if (known !== undefined) return known
    const reader = {
      read: (...input: Parameters<ReadJson>): ReturnType<ReadJson> => {
        reader.read = this.#compile(desc)
        return reader.read(...input)
      },
    }
    this.#readers.set(desc, reader)
    return reader
  }

  #compile(desc: DescMessage): ReadJson {
    if (!isCompiled(desc, 'read-json')) return this.#reflective(desc)
    switch (jsonFormOf(desc)) {
      case 'fields':
        return compileReader(desc, messageConstructor(desc), this)
      case 'wrapper':
        return compileWrapperReader(desc, messageConstructor(desc))
      case 'Struct':
        return readStruct
      case 'Value':
        return readValue
      case 'ListValue':
        return readListValue
      case 'Timestamp':
        return readTimestamp
      case 'Duration':
        return readDuration
      case 'other':
        return this.#reflective(desc)
    }
  }

  /** Reads a value with protobuf-es, within a message that is not. */
  #reflective(desc: DescMessage): ReadJson {
    const isSafe = desc.typeName === FieldMaskSchema.typeName
    return (json, left, progress) => {
      if (!isSafe && !progress.isScanned) return undefined
      try {
        const message = fromJson(desc, json as JsonValue, { ...this.#options, recursionLimit: left }) as Message
        progress.members += countMembers(json)
        return message
      } catch {
        // Read as part of the whole, the error says the same as without compiled code.
        return undefined
      }
    }
  }
}
