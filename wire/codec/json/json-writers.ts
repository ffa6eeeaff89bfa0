/** The writers of all types for the same options. */
import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type JsonWriteOptions,
  type Message,
  toJson,
} from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import { addUnpopulated } from '../../json/add-unpopulated.ts'
import { FunctionSource } from '../function-source.ts'
import { isCompiled, type JsonWriterSettings } from './json-settings.ts'
import { jsonFormOf } from './known-types.ts'
import { durationText, listValueText, structMessageText, timestampText, valueText } from './value-texts.ts'
import {
  compileFieldWriter,
  compileWriter,
  keyOf,
  type MessageJsonWriter,
  type WriterContext,
} from './writer-source.ts'
import { scalarCode } from './writer-values.ts'

type Write = MessageJsonWriter['write']

/** Compiles writers at first use, as large APIs have many types that are never written. */
export class JsonWriters implements WriterContext {
  readonly options: Readonly<Partial<JsonWriteOptions>>
  readonly emitsUnpopulated: boolean
  readonly #writers = new WeakMap<DescMessage, { write: Write }>()

  constructor({ options, emitsUnpopulated = false }: Omit<JsonWriterSettings, 'kind'>) {
    this.options = Object.freeze({ ...options, ...(emitsUnpopulated && { alwaysEmitImplicit: true }) })
    this.emitsUnpopulated = emitsUnpopulated
  }

  of(desc: DescMessage): MessageJsonWriter {
    const known = this.#writers.get(desc)
    if (known !== undefined) return known
    const writer = {
      write: (message: Message): string => {
        writer.write = this.#compile(desc)
        return writer.write(message)
      },
    }
    this.#writers.set(desc, writer)
    return writer
  }

  reflect(desc: DescMessage, message: Message): string {
    const json = toJson(desc, message, this.options) as JsonValue
    if (this.emitsUnpopulated) addUnpopulated(desc, message, json, this.options)
    return JSON.stringify(json)
  }

  /** Returns the writer of the value of a field: null if the field is not set. */
  ofField(field: DescField): { write(message: Message): string | null } {
    const reflect = (message: Message) => this.reflectField(field, message)
    const write = isCompiled(field.parent, 'write-json') ? compileFieldWriter(field, this, reflect) : reflect
    return { write }
  }

  /** Writes the value of a field with protobuf-es, which cannot write it alone. */
  reflectField(field: DescField, message: Message): string | null {
    const whole = reflect(field.parent, message)
    if (!whole.isSet(field)) return null
    const only = reflect(field.parent)
    only.set(field, whole.get(field))
    const json = toJson(field.parent, only.message, this.options) as JsonObject
    if (this.emitsUnpopulated) addUnpopulated(field.parent, only.message, json, this.options)
    return JSON.stringify(json[keyOf(field, this.options)] ?? null)
  }

  #compile(desc: DescMessage): Write {
    const reflect = (message: Message) => this.reflect(desc, message)
    if (!isCompiled(desc, 'write-json')) return reflect
    switch (jsonFormOf(desc)) {
      case 'fields':
        return compileWriter(desc, this) ?? reflect
      case 'wrapper':
        return compileWrapper(desc, reflect)
      case 'Struct':
        return checked(desc, structMessageText, reflect)
      case 'Value':
        return checked(desc, valueText, reflect)
      case 'ListValue':
        return checked(desc, listValueText, reflect)
      case 'Timestamp':
        return checked(desc, timestampText, reflect)
      case 'Duration':
        return checked(desc, durationText, reflect)
      case 'other':
        return reflect
    }
  }
}

function checked(desc: DescMessage, textOf: (message: never) => string | undefined, reflect: Write): Write {
  const { typeName } = desc
  return (message) => {
    const text = message.$typeName === typeName ? textOf(message as never) : undefined
    return text ?? reflect(message)
  }
}

function compileWrapper({ fields, typeName }: DescMessage, reflect: Write): Write {
  const source = new FunctionSource()
  const { isOdd, text } = scalarCode(fields[0]?.scalar, source)
  source.add('const v = m.value')
  source.add(`return m.$typeName !== ${source.bind(typeName)} || ${isOdd} ? ${source.bind(reflect)}(m) : '' + ${text}`)
  return source.compile('m', `write ${typeName}`)
}
