/** The texts of the well-known types that are like scalars in JSON. */
import { create } from '@bufbuild/protobuf'
import { DurationSchema, FieldMaskSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { parseGoDuration } from './go-duration-text.ts'
import type { TextType } from './text-type.ts'

/** RFC 3339. */
const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

const FIRST_SECOND = Date.parse('0001-01-01T00:00:00Z') / 1_000
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z') / 1_000

/** About 10,000 years (google/protobuf/duration.proto). */
const MAX_DURATION_SECONDS = 315_576_000_000

const NANO_DIGITS = 9
const DATE_CHARS = 10

/** Names of fields joined by dots, or `*` for all of them (AIP-157). */
const MASK_PATH = /^(?:\*|[A-Za-z_][^,.\s]*(?:\.(?:[^,.`\s]+|`[^`,]*`))*)$/

/** {@link WELL_KNOWN_TEXTS} has durations in ProtoJSON's form only. */
export const LOOSE_DURATION: TextType = {
  expected: 'a duration such as 1.5s or 1m30s',
  parse: (text) => parseDuration(text) ?? parseGoDuration(text),
}

/** The types by the name of the message. */
export const WELL_KNOWN_TEXTS: Readonly<Record<string, TextType>> = {
  'google.protobuf.Timestamp': { expected: 'a timestamp such as 2030-12-31T23:59:59Z', parse: parseTimestamp },
  'google.protobuf.Duration': { expected: 'a duration such as 1.5s', parse: parseDuration },
  'google.protobuf.FieldMask': { expected: 'a list of field paths such as name,author.name', parse: parseFieldMask },
}

function parseTimestamp(text: string): unknown {
  const [, date = '', time, fraction, sign, hours, minutes] = TIMESTAMP.exec(text) ?? []
  const ms = Date.parse(`${date}T${time}Z`)
  // V8 reads February 30 as March 2.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, DATE_CHARS) !== date) return undefined
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60
  const seconds = ms / 1_000 - (sign === '-' ? -offset : offset)
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return undefined
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: nanosOf(fraction) })
}

function parseDuration(text: string): unknown {
  const [, sign, whole, fraction] = DURATION.exec(text) ?? []
  if (whole === undefined) return undefined
  const seconds = Number(whole)
  const nanos = nanosOf(fraction)
  if (seconds > MAX_DURATION_SECONDS || (seconds === MAX_DURATION_SECONDS && nanos > 0)) return undefined
  const factor = sign === '-' ? -1 : 1
  return create(DurationSchema, { seconds: BigInt(seconds) * BigInt(factor), nanos: nanos === 0 ? 0 : factor * nanos })
}

function nanosOf(fraction = ''): number {
  return Number(fraction.padEnd(NANO_DIGITS, '0'))
}

/** ProtoJSON has `displayName`, .proto files `display_name`: both become the latter. */
function parseFieldMask(text: string): unknown {
  if (text === '') return create(FieldMaskSchema)
  const paths = text.split(',')
  if (!paths.every((path) => MASK_PATH.test(path))) return undefined
  return create(FieldMaskSchema, { paths: paths.map(toSnakeCase) })
}

function toSnakeCase(path: string): string {
  return path.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
