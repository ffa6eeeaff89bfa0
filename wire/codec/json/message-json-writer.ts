/** Writes the messages of one type as JSON. */
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf'
import { BySettings, type JsonWriterSettings } from './json-settings.ts'
import { JsonWriters } from './json-writers.ts'
import type { MessageJsonWriter } from './writer-source.ts'

const WRITERS = new BySettings<JsonWriters>()

/** Returns the writer of a type. The functions of a compiled one are shared by all writers with the same options. */
export function messageJsonWriter(desc: DescMessage, settings: JsonWriterSettings): MessageJsonWriter {
  const writers = writersFor(settings)
  const writer: MessageJsonWriter =
    settings.kind === 'compiled' ? writers.of(desc) : { write: (message) => writers.reflect(desc, message) }
  const { prettySpaces = 0 } = settings.options ?? {}
  return prettySpaces === 0 ? writer : { write: (message) => indented(writer.write(message), prettySpaces) }
}

/** Writes the value of one field of messages. */
export interface FieldJsonWriter {
  /**
   * Returns the text of the value; null for a field that is not set.
   *
   * @throws Error for a value that has no JSON
   */
  write(message: Message): string | null
}

/** Returns the writer of the value of a field. */
export function fieldJsonWriter(field: DescField, settings: JsonWriterSettings): FieldJsonWriter {
  const writers = writersFor(settings)
  return settings.kind === 'compiled'
    ? writers.ofField(field)
    : { write: (message) => writers.reflectField(field, message) }
}

/** Returns a JSON text with line breaks, and this number of spaces for each level. */
export function indented(text: string, spaces: number): string {
  return JSON.stringify(JSON.parse(text), undefined, spaces)
}

function writersFor(settings: JsonWriterSettings): JsonWriters {
  const { alwaysEmitImplicit, enumAsInteger, useProtoFieldName, registry } = settings.options ?? {}
  const variant = [alwaysEmitImplicit, enumAsInteger, useProtoFieldName, settings.emitsUnpopulated].map(Boolean).join()
  return WRITERS.get(registry, variant, () => new JsonWriters(settings))
}
