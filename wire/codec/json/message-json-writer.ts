/** Writes the messages of one type as JSON. */
import type { DescMessage } from '@bufbuild/protobuf'
import { BySettings, type JsonWriterSettings } from './json-settings.ts'
import { JsonWriters } from './json-writers.ts'
import type { MessageJsonWriter } from './writer-source.ts'

const WRITERS = new BySettings<JsonWriters>()

/** Returns the writer of a type. The functions of a compiled one are shared by all writers with the same options. */
export function messageJsonWriter(desc: DescMessage, settings: JsonWriterSettings): MessageJsonWriter {
  const { kind, options = {}, emitsUnpopulated } = settings
  const { alwaysEmitImplicit, enumAsInteger, useProtoFieldName, registry, prettySpaces = 0 } = options
  const variant = [alwaysEmitImplicit, enumAsInteger, useProtoFieldName, emitsUnpopulated].map(Boolean).join()
  const writers = WRITERS.get(registry, variant, () => new JsonWriters(settings))
  const writer: MessageJsonWriter =
    kind === 'compiled' ? writers.of(desc) : { write: (message) => writers.reflect(desc, message) }
  if (prettySpaces === 0) return writer
  return { write: (message) => JSON.stringify(JSON.parse(writer.write(message)), null, prettySpaces) }
}
