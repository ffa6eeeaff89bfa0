/** Makes the details of an error readable. */
import { fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { SchemaSource } from '../schema/schema-source.ts'

/** The details of errors are as many as a server sends: those after these stay bytes. */
const MAX_DECODED = 20

/**
 * Fills in the JSON form (`debug`) of an error's details as far as the schema knows their types. What it does not know
 * stays as it is; this never fails.
 */
export async function decodeDetails(error: ConnectError, source: SchemaSource): Promise<void> {
  for (const detail of error.details.slice(0, MAX_DECODED)) {
    if (!('type' in detail) || detail.debug !== undefined) continue
    const json = await decode(detail.type, detail.value, source).catch(() => undefined)
    if (json !== undefined) detail.debug = json
  }
}

async function decode(typeName: string, bytes: Uint8Array, source: SchemaSource): Promise<JsonValue | undefined> {
  const registry = await source.load(typeName)
  const schema = registry?.getMessage(typeName)
  return schema && toJson(schema, fromBinary(schema, bytes), { registry })
}
