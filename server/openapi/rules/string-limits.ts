/** The limits of strings and of bytes. */
import type { JsonObject } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'
import {
  type ChoiceRules,
  choiceLimits,
  joinLimits,
  type Limits,
  limit,
  numberOf,
  sentence,
  UNLIMITED,
} from './limits.ts'

/** The most octets of a character in UTF-8. */
const OCTETS_PER_CHARACTER = 4

/** The rules that are a format of JSON Schema, or that a pattern states. */
const FORMATS: Readonly<Record<string, Schema>> = {
  email: { format: 'email' },
  hostname: { format: 'hostname' },
  ip: { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  ipv4: { format: 'ipv4' },
  ipv6: { format: 'ipv6' },
  uri: { format: 'uri' },
  uriRef: { format: 'uri-reference' },
  address: { anyOf: [{ format: 'hostname' }, { format: 'ipv4' }, { format: 'ipv6' }] },
  uuid: { format: 'uuid' },
  tuuid: { pattern: '^[0-9a-fA-F]{32}$' },
  ulid: { pattern: '^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$' },
  protobufFqn: { pattern: '^[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$' },
  protobufDotFqn: { pattern: '^\\.[A-Za-z_][A-Za-z_0-9]*(?:\\.[A-Za-z_][A-Za-z_0-9]*)*$' },
}

/** The rules that have no format in JSON Schema. */
const WORDS: Readonly<Record<string, string>> = {
  ipWithPrefixlen: 'Must be an IP address with a prefix length, such as `192.0.2.1/24`.',
  ipv4WithPrefixlen: 'Must be an IPv4 address with a prefix length, such as `192.0.2.1/24`.',
  ipv6WithPrefixlen: 'Must be an IPv6 address with a prefix length, such as `2001:db8::1/64`.',
  ipPrefix: 'Must be an IP prefix, such as `192.0.2.0/24`.',
  ipv4Prefix: 'Must be an IPv4 prefix, such as `192.0.2.0/24`.',
  ipv6Prefix: 'Must be an IPv6 prefix, such as `2001:db8::/32`.',
  hostAndPort: 'Must be a host and a port, such as `example.com:443`.',
}

const KNOWN_PATTERNS: Readonly<Record<string, string>> = {
  KNOWN_REGEX_HTTP_HEADER_NAME: 'Must be the name of an HTTP header field.',
  KNOWN_REGEX_HTTP_HEADER_VALUE: 'Must be the value of an HTTP header field.',
}

/** Returns the limits of a string. */
export function stringLimits(rules: JsonObject): Limits {
  const formats = Object.keys(FORMATS).filter((name) => rules[name] === true)
  const words = Object.keys(WORDS).filter((name) => rules[name] === true)
  return joinLimits([
    choiceLimits(rules as ChoiceRules),
    lengthLimits(rules),
    ...formats.map((name) => limit(FORMATS[name] ?? {})),
    patternLimits(rules.pattern),
    ...affixLimits(rules),
    ...words.map((name) => sentence(WORDS[name] ?? '')),
    typeof rules.wellKnownRegex === 'string' ? sentence(KNOWN_PATTERNS[rules.wellKnownRegex] ?? '') : UNLIMITED,
  ])
}

/** Returns the limits of bytes. The rules count octets, the schema characters of base64. */
export function bytesLimits(rules: JsonObject): Limits {
  const { least, most } = rangeOf(rules, '')
  const { pattern, prefix, suffix, contains, ip, ipv4, ipv6, uuid } = rules
  const kind = [ip && 'an IP', ipv4 && 'an IPv4', ipv6 && 'an IPv6'].find((name) => typeof name === 'string')
  return joinLimits([
    choiceLimits(rules as ChoiceRules),
    least === undefined ? UNLIMITED : limit({ minLength: Math.ceil((least * 4) / 3) }),
    most === undefined ? UNLIMITED : limit({ maxLength: 4 * Math.ceil(most / 3) }),
    rangeSentence({ least, most }, 'bytes'),
    typeof pattern === 'string' ? sentence(`The bytes must match \`${pattern}\`.`) : UNLIMITED,
    typeof prefix === 'string' ? sentence(`Must begin with the bytes \`${prefix}\` (base64).`) : UNLIMITED,
    typeof suffix === 'string' ? sentence(`Must end with the bytes \`${suffix}\` (base64).`) : UNLIMITED,
    typeof contains === 'string' ? sentence(`Must contain the bytes \`${contains}\` (base64).`) : UNLIMITED,
    kind === undefined ? UNLIMITED : sentence(`Must be the bytes of ${kind} address.`),
    uuid === true ? sentence('Must be the 16 bytes of a UUID.') : UNLIMITED,
  ])
}

/** Lengths count code points, as JSON Schema does. Octets bound them from both sides. */
function lengthLimits(rules: JsonObject): Limits {
  const points = rangeOf(rules, '')
  const octets = rangeOf(rules, 'Bytes')
  const least =
    points.least ?? (octets.least === undefined ? undefined : Math.ceil(octets.least / OCTETS_PER_CHARACTER))
  const most = Math.min(...[points.most, octets.most].filter((value) => value !== undefined))
  return joinLimits([
    least === undefined ? UNLIMITED : limit({ minLength: least }),
    Number.isFinite(most) ? limit({ maxLength: most }) : UNLIMITED,
    rangeSentence(octets, 'bytes of UTF-8'),
  ])
}

interface Range {
  readonly least: number | undefined
  readonly most: number | undefined
}

function rangeOf(rules: JsonObject, unit: '' | 'Bytes'): Range {
  const exact = numberOf(rules, `len${unit}`)
  return {
    least: exact ?? numberOf(rules, `min${unit === '' ? 'Len' : unit}`),
    most: exact ?? numberOf(rules, `max${unit === '' ? 'Len' : unit}`),
  }
}

function rangeSentence({ least, most }: Range, unit: string): Limits {
  if (least === undefined) return most === undefined ? UNLIMITED : sentence(`At most ${most} ${unit}.`)
  if (most === undefined) return sentence(`At least ${least} ${unit}.`)
  return sentence(least === most ? `Exactly ${most} ${unit}.` : `${least} to ${most} ${unit}.`)
}

/** Rules have the syntax of RE2, and JSON Schema that of ECMA-262, which most patterns agree in. */
function patternLimits(pattern: JsonObject[string] | undefined): Limits {
  if (typeof pattern !== 'string') return UNLIMITED
  return isPattern(pattern) ? limit({ pattern }) : sentence(`Must match \`${pattern}\` (RE2).`)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== ''
  } catch {
    return false
  }
}

function affixLimits({ prefix, suffix, contains, notContains }: JsonObject): Limits[] {
  return [
    typeof prefix === 'string' ? limit({ pattern: `^${escaped(prefix)}` }) : UNLIMITED,
    typeof suffix === 'string' ? limit({ pattern: `${escaped(suffix)}$` }) : UNLIMITED,
    typeof contains === 'string' ? limit({ pattern: escaped(contains) }) : UNLIMITED,
    typeof notContains === 'string' ? limit({ not: { pattern: escaped(notContains) } }) : UNLIMITED,
  ]
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
