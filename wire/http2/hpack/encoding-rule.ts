/** How the encoder treats each field name. */

import { STATIC_FIELDS } from './static-table.ts'

/** The connection-independent facts about a name. */
export interface EncodingRule {
  /** The first static index of the name, or 0. */
  readonly nameIndex: number
  /** The static index of each value that the static table has for the name. */
  readonly valueIndexes: ReadonlyMap<string, number>
  /** Whether it is sent as a literal that no hop may index: credentials, which a table would expose to guessing (RFC 7541 section 7.1.3). */
  readonly isNeverIndexed: boolean
  /** False for fields that differ from message to message, and would only fill the table. */
  readonly isInserted: boolean
}

/** Returns the rule for `name`. */
export function encodingRule(name: string): EncodingRule {
  return RULES.get(name) ?? UNKNOWN_NAME
}

const NEVER_INDEXED_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
])

const NOT_INSERTED_NAMES: ReadonlySet<string> = new Set([
  'grpc-timeout',
  'connect-timeout-ms',
  'traceparent',
  'tracestate',
  'grpc-trace-bin',
  'request-id',
  'x-request-id',
  'x-correlation-id',
  'content-length',
  'date',
])

const UNKNOWN_NAME: EncodingRule = { nameIndex: 0, valueIndexes: new Map(), isNeverIndexed: false, isInserted: true }

const RULES: ReadonlyMap<string, EncodingRule> = buildRules()

function buildRules(): Map<string, EncodingRule> {
  const names = new Set([...STATIC_FIELDS.map((field) => field.name), ...NEVER_INDEXED_NAMES, ...NOT_INSERTED_NAMES])
  return new Map([...names].map((name) => [name, buildRule(name)]))
}

function buildRule(name: string): EncodingRule {
  const entries = STATIC_FIELDS.map((field, i) => ({ field, index: i + 1 })).filter(({ field }) => field.name === name)
  return {
    nameIndex: entries[0]?.index ?? 0,
    valueIndexes: new Map(entries.map(({ field, index }) => [field.value, index])),
    isNeverIndexed: NEVER_INDEXED_NAMES.has(name),
    isInserted: !NOT_INSERTED_NAMES.has(name),
  }
}
