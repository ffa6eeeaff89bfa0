/** Reads request messages without losing digits of 64-bit integers that were typed as numbers. */
import { type DescMessage, fromJson, type MessageShape, type Registry } from '@bufbuild/protobuf'

const STRINGS = /("[^"\\]*(?:\\[\s\S][^"\\]*)*"?)/
const LONG_INTEGER = /(?<![\w.+-])-?\d{16,}(?![\w.])/g

/**
 * Reads protobuf's JSON.
 *
 * @throws Error naming what is wrong
 */
export function exactMessage(schema: DescMessage, text: string, registry: Registry): MessageShape<DescMessage> {
  return fromJson(schema, JSON.parse(quoteLongIntegers(text)), { registry })
}

/** Protobuf's JSON takes integers as strings, too, which `JSON.parse` leaves as they are. */
function quoteLongIntegers(text: string): string {
  const parts = text.split(STRINGS)
  return parts.map((part) => (part.startsWith('"') ? part : part.replace(LONG_INTEGER, '"$&"'))).join('')
}
