/**
 * Reads the well-known types that have a JSON form of their own. The functions return undefined for what protobuf-es has to read, or
 * refuse. `left` is the number of levels of messages that are still allowed.
 */
import { type Message, protoInt64 } from '@bufbuild/protobuf'
import { countMembers } from '../../json/quick-scan.ts'
import { setOwn } from '../set-own.ts'

/** What the functions of all types know and do while one text is read. */
export interface ReadProgress {
  /** The members of objects that were read: fewer than in the text, if `JSON.parse` has dropped some for their keys. */
  members: number
  /** Whether `JsonMessageReader` has scanned the text thoroughly, and clipped strings that protobuf-es must not take for integers. */
  isScanned: boolean
}

/** Whether a value can be the value of a Struct: its values are at most this many levels deep. */
function isWithin(json: unknown, left: number): boolean {
  if (!(left >= 1)) return false
  if (typeof json !== 'object' || json === null) return true
  for (const value of Object.values(json)) if (!isWithin(value, left - 1)) return false
  return true
}

/** Reads a Struct that a field holds as an object. It is the parsed object itself. */
export function readJsonObject(json: unknown, left: number, progress: ReadProgress): object | undefined {
  if (!isObject(json) || !(left >= 1)) return undefined
  for (const value of Object.values(json)) if (!isWithin(value, left - 1)) return undefined
  progress.members += countMembers(json)
  return json
}

/** Reads `google.protobuf.Struct`. */
export function readStruct(json: unknown, left: number, progress: ReadProgress): Message | undefined {
  return isObject(json) && left >= 1 ? structOf(json, left, progress) : undefined
}

/** Reads `google.protobuf.ListValue`. */
export function readListValue(json: unknown, left: number, progress: ReadProgress): Message | undefined {
  return Array.isArray(json) && left >= 1 ? listOf(json, left, progress) : undefined
}

/** Reads `google.protobuf.Value`, which takes a level more outside of the two others. */
export function readValue(json: unknown, left: number, progress: ReadProgress): Message | undefined {
  return left >= 1 ? valueIn(json, left - 1, progress) : undefined
}

function structOf(json: Readonly<Record<string, unknown>>, left: number, progress: ReadProgress): Message | undefined {
  const fields = {}
  for (const key of Object.keys(json)) {
    const value = valueIn(json[key], left - 1, progress)
    if (value === undefined) return undefined
    setOwn(fields, key, value)
    progress.members++
  }
  return { $typeName: 'google.protobuf.Struct', fields } as Message
}

function listOf(json: readonly unknown[], left: number, progress: ReadProgress): Message | undefined {
  const values: Message[] = []
  for (const item of json) {
    const value = valueIn(item, left - 1, progress)
    if (value === undefined) return undefined
    values.push(value)
  }
  return { $typeName: 'google.protobuf.ListValue', values } as Message
}

function valueIn(json: unknown, left: number, progress: ReadProgress): Message | undefined {
  if (!(left >= 1)) return undefined
  switch (typeof json) {
    case 'string':
      return value('stringValue', json)
    case 'number':
      return value('numberValue', json)
    case 'boolean':
      return value('boolValue', json)
    default:
      if (json === null) return value('nullValue', 0)
      return Array.isArray(json)
        ? value('listValue', listOf(json, left, progress))
        : value('structValue', structOf(json as Record<string, unknown>, left, progress))
  }
}

function value(name: string, content: unknown): Message | undefined {
  return content === undefined
    ? undefined
    : ({ $typeName: 'google.protobuf.Value', kind: { case: name, value: content } } as Message)
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/
const MAX_DURATION_SECONDS = 315_576_000_000
const MIN_TIMESTAMP_MS = Date.parse('0001-01-01T00:00:00Z')

/** Reads `google.protobuf.Timestamp` in UTC. */
export function readTimestamp(json: unknown, left: number): Message | undefined {
  if (typeof json !== 'string' || !(left >= 1)) return undefined
  const plainSeconds = secondsIn(json)
  const plainNanos = nanosIn(json)
  if (!Number.isNaN(plainSeconds + plainNanos)) return timestampOf(plainSeconds, plainNanos)
  const [, time, fraction] = TIMESTAMP.exec(json) ?? []
  const ms = time === undefined ? Number.NaN : Date.parse(`${time}Z`)
  if (!(ms >= MIN_TIMESTAMP_MS)) return undefined
  return timestampOf(ms / 1_000, nanosOf(fraction))
}

function timestampOf(seconds: number, nanos: number): Message {
  return { $typeName: 'google.protobuf.Timestamp', seconds: protoInt64.parse(seconds), nanos } as Message
}

const SEPARATORS: readonly (readonly [index: number, code: number])[] = [
  ...[4, 7].map((index) => [index, 0x2d] as const),
  [10, 0x54],
  ...[13, 16].map((index) => [index, 0x3a] as const),
]

/**
 * Returns the seconds of a time, several times as fast as `Date.parse` with a check of the form; NaN for years below 100, which
 * `Date.UTC` moves, and for the last days of months. Does not look at a fraction.
 */
function secondsIn(text: string): number {
  for (const [index, code] of SEPARATORS) if (text.charCodeAt(index) !== code) return Number.NaN
  const year = 100 * digitsAt(text, 0) + digitsAt(text, 2)
  const month = digitsAt(text, 5)
  const day = digitsAt(text, 8)
  const hour = digitsAt(text, 11)
  const minute = digitsAt(text, 14)
  const second = digitsAt(text, 17)
  const isDay = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28
  if (!isDay || !(hour <= 23) || !(minute <= 59) || !(second <= 59)) return Number.NaN
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1_000
}

/** The index of the point before a fraction, and the most digits of one. */
const POINT_INDEX = 19
const MAX_FRACTION_CHARS = 9

/** Returns the nanoseconds of a time in UTC; NaN for a time that does not end like one. */
function nanosIn(text: string): number {
  const end = text.length - 1
  const digits = end - POINT_INDEX - 1
  const isUtc = text.charCodeAt(end) === LETTER_Z
  if (isUtc && end === POINT_INDEX) return 0
  if (!isUtc || text.charCodeAt(POINT_INDEX) !== POINT || digits < 1 || digits > MAX_FRACTION_CHARS) return Number.NaN
  let nanos = 0
  for (let at = POINT_INDEX + 1; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    nanos = 10 * nanos + digit
  }
  return nanos * 10 ** (MAX_FRACTION_CHARS - digits)
}

/** Returns the number of two digits; NaN for other characters. */
function digitsAt(text: string, index: number): number {
  const tens = text.charCodeAt(index) - ZERO
  const ones = text.charCodeAt(index + 1) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN
}

const ZERO = 0x30
const POINT = 0x2e
const LETTER_Z = 0x5a

/** Reads `google.protobuf.Duration`. */
export function readDuration(json: unknown, left: number): Message | undefined {
  const [, sign, whole, fraction] = typeof json === 'string' && left >= 1 ? (DURATION.exec(json) ?? []) : []
  if (whole === undefined || Number(whole) > MAX_DURATION_SECONDS) return undefined
  const seconds = protoInt64.parse(sign === '-' ? -Number(whole) : Number(whole))
  // Like protobuf-es, which makes a negative zero of `-1.0s`.
  const nanos = sign === '-' && fraction !== undefined ? -nanosOf(fraction) : nanosOf(fraction)
  return { $typeName: 'google.protobuf.Duration', seconds, nanos } as Message
}

function nanosOf(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(fraction.padEnd(9, '0'))
}
