/** Puts what an observer adds into a head. */
import type { EncodableField } from '../../../wire/http2/http2.ts'

/** The fields, with those added behind them instead of any of the same name: an attempt's `traceparent` for the caller's. */
export function replaceFields(
  fields: readonly EncodableField[],
  added: readonly EncodableField[],
): readonly EncodableField[] {
  if (added.length === 0) return fields
  const names = new Set(added.map(({ name }) => name))
  return [...fields.filter(({ name }) => !names.has(name)), ...added]
}
