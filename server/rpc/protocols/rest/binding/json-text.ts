/** The texts of the well-known types that hold any JSON. */
import type { DescMessage } from '@bufbuild/protobuf'
import { ListValueSchema, StructSchema, ValueSchema } from '@bufbuild/protobuf/wkt'
import { ConnectError } from '@connectrpc/connect'
import { DEFAULT_DECODE_BUDGET_BYTES } from '../../../../../wire/decode-budget/decode-budget.ts'
import { JsonMessageReader } from '../../../../../wire/json/json-message-reader.ts'
import type { TextType } from './text-type.ts'

const STRUCTS = new JsonMessageReader(StructSchema, {}, DEFAULT_DECODE_BUDGET_BYTES)
const VALUES = new JsonMessageReader(ValueSchema, {}, DEFAULT_DECODE_BUDGET_BYTES)
const LISTS = new JsonMessageReader(ListValueSchema, {}, DEFAULT_DECODE_BUDGET_BYTES)

const TYPES: Readonly<Record<string, TextType>> = {
  // protobuf-es keeps a Struct as the object that JSON.parse returns.
  [StructSchema.typeName]: { expected: 'a JSON object', parse: (text) => attempt(() => objectIn(STRUCTS.parse(text))) },
  [ValueSchema.typeName]: { expected: 'JSON', parse: (text) => attempt(() => VALUES.read(text)) },
  [ListValueSchema.typeName]: { expected: 'a JSON array', parse: (text) => attempt(() => LISTS.read(text)) },
}

/** Returns the type of a message that holds JSON; null for other messages. */
export function jsonText({ typeName }: DescMessage): TextType | null {
  return Object.hasOwn(TYPES, typeName) ? (TYPES[typeName] ?? null) : null
}

function objectIn(json: unknown): unknown {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined
}

/** Returns undefined for text that is not JSON of the type. What exceeds a limit says so itself. */
function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConnectError) throw error
    return undefined
  }
}
