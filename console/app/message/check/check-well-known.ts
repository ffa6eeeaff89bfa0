/** Checks of the well-known types that have a JSON form of their own and hold no other messages. */
import type { DescMessage } from '@bufbuild/protobuf'
import type { JsonNode, JsonObject } from '../json/json-node.ts'
import type { FaultReport } from './fault-report.ts'

/** A check of a message's JSON. `depth` counts the messages that it is in. */
type Check = (report: FaultReport, node: JsonNode, depth: number) => void

/** Messages may be nested this deep: the limit of most parsers of protobuf. */
export const MAX_DEPTH = 100

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['google.protobuf.Timestamp', checkTimestamp],
  ['google.protobuf.Duration', checkDuration],
  ['google.protobuf.FieldMask', checkFieldMask],
  ['google.protobuf.Struct', checkStruct],
  ['google.protobuf.ListValue', checkListValue],
  ['google.protobuf.Value', checkValue],
])

/** Returns the check of a well-known type; undefined for other messages. */
export function wellKnownCheck(message: DescMessage): Check | undefined {
  return CHECKS.get(message.typeName)
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/
const MIN_MS = Date.parse('0001-01-01T00:00:00Z')
const MAX_MS = Date.parse('9999-12-31T23:59:59Z')

/** Says what is wrong with a timestamp of RFC 3339; null if nothing is. */
export function timestampFault(text: string): string | null {
  const match = TIMESTAMP.exec(text)
  if (match === null)
    return 'must be a time such as "2026-01-31T09:30:00Z", with up to nine digits of seconds (Timestamp).'
  const [, year, month, day, hour, minute, second] = match
  const zone = match[7] === undefined ? 'Z' : `${match[7]}${match[8]}:${match[9]}`
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  const isDay = new Date(Date.UTC(2000, Number(month) - 1, Number(day))).getUTCMonth() === Number(month) - 1
  if (Number.isNaN(atMs) || !isDay || isNoLeapYear(match) || hour === '24')
    return 'must be a time that exists (Timestamp).'
  return atMs < MIN_MS || atMs > MAX_MS ? 'must be in the years 1 to 9999 (Timestamp).' : null
}

/** `Date` rolls the 29th of February over where the year has none. */
function isNoLeapYear([, year, month, day]: RegExpExecArray): boolean {
  if (month !== '02' || day !== '29') return false
  const number = Number(year)
  return number % 4 !== 0 || (number % 100 === 0 && number % 400 !== 0)
}

const DURATION = /^-?(\d+)(?:\.\d{1,9})?s$/
const MAX_SECONDS = 315_576_000_000

/** Says what is wrong with a duration; null if nothing is. */
export function durationFault(text: string): string | null {
  const match = DURATION.exec(text)
  if (match === null) return 'must be seconds with an s, such as "1.5s" (Duration).'
  return Number(match[1]) > MAX_SECONDS ? 'must be within 10,000 years: 315576000000 seconds (Duration).' : null
}

function checkTimestamp(report: FaultReport, node: JsonNode) {
  const fault = timestampFault(node.kind === 'string' ? node.value : '')
  if (fault !== null) report.error(node, `${report.label} ${fault}`)
}

function checkDuration(report: FaultReport, node: JsonNode) {
  const fault = durationFault(node.kind === 'string' ? node.value : '')
  if (fault !== null) report.error(node, `${report.label} ${fault}`)
}

/** Some APIs take more than names of fields, such as `*` or keys of maps, but JSON has no way to write an underscore. */
const MASK_PATH = /^[^\s_.]+(?:\.[^\s_.]+)*$/

function checkFieldMask(report: FaultReport, node: JsonNode) {
  const isText = node.kind === 'string'
  if (isText && (node.value === '' || node.value.split(',').every((path) => MASK_PATH.test(path)))) return
  report.error(node, `${report.label} must list fields in lowerCamelCase, as in "title,author.name" (FieldMask).`)
}

function checkStruct(report: FaultReport, node: JsonNode, depth: number) {
  if (node.kind !== 'object') return report.error(node, `${report.label} must be an object in braces (Struct).`)
  findDuplicate(report, node)
  for (const { key, value } of node.members) {
    if (!key.value.isWellFormed()) report.error(key, `${report.label} has a key that UTF-8 can not encode.`)
    report.inStep(key.value, () => checkValue(report, value, depth + 1))
  }
}

function checkListValue(report: FaultReport, node: JsonNode, depth: number) {
  if (node.kind !== 'array') return report.error(node, `${report.label} must be a list in brackets (ListValue).`)
  for (const [index, item] of node.items.entries()) {
    report.inStep(index, () => checkValue(report, item, depth + 1))
  }
}

function checkValue(report: FaultReport, node: JsonNode, depth: number) {
  if (depth > MAX_DEPTH) return report.error(node, `Messages must not be nested more than ${MAX_DEPTH} levels deep.`)
  if (node.kind === 'number' && !Number.isFinite(Number(node.raw))) {
    report.error(node, `${report.label} is too large for a double.`)
  }
  if (node.kind === 'string' && !node.value.isWellFormed()) {
    report.error(node, `${report.label} has one half of a surrogate pair, which UTF-8 can not encode.`)
  }
  if (node.kind === 'object') checkStruct(report, node, depth)
  if (node.kind === 'array') checkListValue(report, node, depth)
}

/** Reports a key that an object has twice. */
function findDuplicate(report: FaultReport, node: JsonObject) {
  const seen = new Set<string>()
  for (const { key } of node.members) {
    if (seen.has(key.value))
      report.error(key, `${report.label} has the key ${JSON.stringify(key.value)} twice.`, [key.value])
    seen.add(key.value)
  }
}
