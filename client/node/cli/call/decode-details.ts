/** Decodes the details of errors. */
import type { JsonValue } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import { DecodeAllowance } from '../../../../wire/decode-budget/decode-budget.ts'
import { MessageWriter } from '../message/message-writer.ts'
import type { MetTypes } from '../message/met-types.ts'
import { ShownGaps } from '../message/shown-gaps.ts'

/** Bounds the work, since the server chooses the number of details. The rest stay bytes. */
const MAX_DECODED = 20

/**
 * Sets the JSON form (`debug`) of an error's details whose types can be loaded. The others stay bytes. Never fails.
 */
export async function decodeDetails(error: ConnectError, types: MetTypes): Promise<void> {
  for (const detail of error.details.slice(0, MAX_DECODED)) {
    if (!('type' in detail)) continue
    const json = await types.settle(() => decode(detail.type, detail.value, types)).catch(() => undefined)
    if (json !== undefined) detail.debug = json
  }
}

function decode(typeName: string, bytes: Uint8Array, types: MetTypes): JsonValue | undefined {
  const schema = types.message(typeName)
  if (schema === undefined) return undefined
  const writer = new MessageWriter({ types, emitsDefaults: false, gaps: new ShownGaps() })
  return writer.write(schema, new DecodeAllowance().decode(schema, bytes))
}
