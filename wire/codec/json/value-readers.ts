/**
 * Reads the well-known types that have a JSON form of their own. The functions return undefined for what protobuf-es has to read, or
 * refuse. `left` is the number of levels of messages that are still allowed.
 */
import { type Message, protoInt64 } from '@bufbuild/protobuf'
import { countMembers } from '../../json/count-members.ts'
import { setEntry } from './reader-values.ts'

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
    setEntry(fields, key, value)
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
  const [, time, fraction] = typeof json === 'string' && left >= 1 ? (TIMESTAMP.exec(json) ?? []) : []
  if (time === undefined) return undefined
  const ms = Date.parse(`${time}Z`)
  if (!(ms >= MIN_TIMESTAMP_MS)) return undefined
  const seconds = protoInt64.parse(ms / 1_000)
  return { $typeName: 'google.protobuf.Timestamp', seconds, nanos: nanosOf(fraction) } as Message
}

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
