/** The rules of protovalidate that need no CEL. Each says what a value must be if it is not. */
import type { JsonValue } from '@bufbuild/protobuf'
import { matchesPattern } from './pattern-match.ts'

/** A value as rules compare it: the number of octets of bytes, the number of an enum, and that of 32 bits which a float has. */
export type RuleValue = string | bigint | number | boolean

/** Returns what the value must be, such as `at least 1`; undefined if it is. */
type RuleTest = (value: RuleValue, limit: JsonValue) => string | undefined

/** What the other characters of a URI may be. Not all that pass are URIs, but all URIs pass, in contrast to `URL.canParse`. */
const URI = /^[a-z][a-z\d+.-]*:[!#-;=?-[\]_a-z~]*$/i
const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

/** Of all types. */
const COMMON: Readonly<Record<string, RuleTest>> = {
  const: (value, limit) => unless(isEqual(value, limit), `be ${limit}`),
  in: (value, limit) =>
    unless(
      listOf(limit).some((each) => isEqual(value, each)),
      `be one of ${listOf(limit).join(', ')}`,
    ),
  notIn: (value, limit) =>
    unless(!listOf(limit).some((each) => isEqual(value, each)), `be none of ${listOf(limit).join(', ')}`),
}

const NUMBER: Readonly<Record<string, RuleTest>> = {
  ...COMMON,
  gt: (value, limit) => unless(numeric(value) > limitOf(value, limit), `be greater than ${limit}`),
  gte: (value, limit) => unless(numeric(value) >= limitOf(value, limit), `be at least ${limit}`),
  lt: (value, limit) => unless(numeric(value) < limitOf(value, limit), `be less than ${limit}`),
  lte: (value, limit) => unless(numeric(value) <= limitOf(value, limit), `be at most ${limit}`),
  finite: (value) => unless(Number.isFinite(Number(value)), 'be finite'),
}

const STRING: Readonly<Record<string, RuleTest>> = {
  ...COMMON,
  len: (value, limit) => unless(charactersOf(value) === Number(limit), `have ${limit} characters`),
  minLen: (value, limit) => unless(charactersOf(value) >= Number(limit), `have at least ${many(limit, 'character')}`),
  maxLen: (value, limit) => unless(charactersOf(value) <= Number(limit), `have at most ${many(limit, 'character')}`),
  lenBytes: (value, limit) => unless(bytesOf(value) === Number(limit), `have ${limit} bytes in UTF-8`),
  minBytes: (value, limit) => unless(bytesOf(value) >= Number(limit), `have at least ${limit} bytes in UTF-8`),
  maxBytes: (value, limit) => unless(bytesOf(value) <= Number(limit), `have at most ${limit} bytes in UTF-8`),
  pattern: (value, limit) => unless(matchesPattern(String(value), String(limit)), `match ${limit}`),
  prefix: (value, limit) => unless(String(value).startsWith(String(limit)), `start with ${JSON.stringify(limit)}`),
  suffix: (value, limit) => unless(String(value).endsWith(String(limit)), `end with ${JSON.stringify(limit)}`),
  contains: (value, limit) => unless(String(value).includes(String(limit)), `contain ${JSON.stringify(limit)}`),
  notContains: (value, limit) => unless(!String(value).includes(String(limit)), `not contain ${JSON.stringify(limit)}`),
  email: (value) => unless(EMAIL.test(String(value)), 'be an email address'),
  uuid: (value) => unless(UUID.test(String(value)), 'be a UUID'),
  ipv4: (value) => unless(IPV4.test(String(value)), 'be an IPv4 address'),
  uri: (value) => unless(URI.test(String(value)), 'be a URI'),
}

const BYTES: Readonly<Record<string, RuleTest>> = {
  len: (value, limit) => unless(Number(value) === Number(limit), `have ${many(limit, 'byte')}`),
  minLen: (value, limit) => unless(Number(value) >= Number(limit), `have at least ${many(limit, 'byte')}`),
  maxLen: (value, limit) => unless(Number(value) <= Number(limit), `have at most ${many(limit, 'byte')}`),
}

const BY_TYPE: Readonly<Record<string, Readonly<Record<string, RuleTest>>>> = {
  string: STRING,
  bytes: BYTES,
  bool: COMMON,
  enum: COMMON,
}

/** Returns what is wrong with a value by the rules of its type, as in `be at least 1`. */
export function brokenRules(type: string, value: RuleValue, rules: JsonValue | undefined): readonly string[] {
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) return []
  const tests = BY_TYPE[type] ?? NUMBER
  return Object.entries(rules).flatMap(([name, limit]) => {
    const test = Object.hasOwn(tests, name) && isOn(limit) && !isOutside(rules) ? tests[name] : undefined
    return test?.(value, limit) ?? []
  })
}

/** Nothing is compared to NaN. */
function isOn(limit: JsonValue | undefined): limit is JsonValue {
  return limit !== undefined && limit !== false && limit !== 'NaN'
}

/** A lower limit above the upper one excludes the range between them, which is left to the server. */
function isOutside(rules: { readonly [name: string]: JsonValue }): boolean {
  const lower = rules.gt ?? rules.gte
  const upper = rules.lt ?? rules.lte
  if (lower === undefined || upper === undefined) return false
  // 64-bit integers that are the same as numbers may be any way round.
  return !(Number(lower) < Number(upper)) && lower !== upper
}

function unless(isRight: boolean, need: string): string | undefined {
  return isRight ? undefined : need
}

function listOf(limit: JsonValue): readonly JsonValue[] {
  return Array.isArray(limit) ? limit : [limit]
}

function isEqual(value: RuleValue, limit: JsonValue): boolean {
  return !Number.isNaN(value) && String(value) === String(limit)
}

function numeric(value: RuleValue): bigint | number {
  return typeof value === 'bigint' ? value : Number(value)
}

function limitOf(value: RuleValue, limit: JsonValue): bigint | number {
  return typeof value === 'bigint' ? BigInt(String(limit)) : Number(limit)
}

function charactersOf(value: RuleValue): number {
  return [...String(value)].length
}

function bytesOf(value: RuleValue): number {
  return new TextEncoder().encode(String(value)).length
}

function many(limit: JsonValue, name: string): string {
  return `${limit} ${name}${String(limit) === '1' ? '' : 's'}`
}
