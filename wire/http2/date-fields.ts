/** The field `date` of answers (RFC 9110 section 6.6.1). */
import { type HeaderField, headerField } from './hpack/header-field.ts'

/** Octets to make room for, whatever the encoding. */
export const MAX_DATE_LENGTH = 64

let second = Number.NaN
let fields: readonly HeaderField[] = []

/** The field of the second that runs, as a list: made once for all answers of that second. */
export function dateFields(): readonly HeaderField[] {
  const now = Math.floor(Date.now() / 1_000)
  if (now !== second) {
    second = now
    fields = [headerField('date', new Date(now * 1_000).toUTCString())]
  }
  return fields
}
