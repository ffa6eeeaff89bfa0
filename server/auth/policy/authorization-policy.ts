/** Authorization policies as gRFC A43 and A59 define them, and the checks that they pass. */
import { ConnectError } from '@connectrpc/connect'
import { scanJson } from '../../../wire/json/scan-json.ts'
import { anyObject, boolean, listOf, objectOf, oneOf, type Shape, text } from './json-shape.ts'

/** Who may call what. Names are spelled as in the JSON of gRFC A43. */
export interface AuthorizationPolicy {
  /** For audit events. */
  readonly name: string
  /** Calls that match one of these are refused, whatever `allow_rules` says. Default: none. */
  readonly deny_rules?: readonly PolicyRule[]
  /** At least one. Calls that match none of these are refused. */
  readonly allow_rules: readonly PolicyRule[]
  /** Default: no audit. */
  readonly audit_logging_options?: AuditLoggingOptions
}

/** Matches calls that match its source and its request. */
export interface PolicyRule {
  /** For audit events. */
  readonly name: string
  /** Default: any caller. */
  readonly source?: {
    /** Patterns, one of which must match a name of the caller. Default and `[]`: any caller, even without TLS. */
    readonly principals?: readonly string[]
  }
  /** Default: any request. */
  readonly request?: {
    /** Patterns of method paths, such as `/shop.v1.Orders/*`, one of which must match. Default and `[]`: any method. */
    readonly paths?: readonly string[]
    /** All of these must match. Default: any headers. */
    readonly headers?: readonly PolicyHeader[]
  }
}

/** Matches a header. */
export interface PolicyHeader {
  /** Its name, in either case. Not `host`, a hop-by-hop header, `grpc-*`, `:*` or `*-bin`. */
  readonly key: string
  /** Patterns, one of which must match its value. The values of a repeated header are joined by commas. */
  readonly values: readonly string[]
}

/** When events are logged. */
export type AuditCondition = (typeof AUDIT_CONDITIONS)[number]

/** Which decisions are logged, and by which loggers. */
export interface AuditLoggingOptions {
  /** Default: `NONE`. */
  readonly audit_condition?: AuditCondition
  /** Each receives every event. `audit_logger` is the same. Default: none. */
  readonly audit_loggers?: readonly PolicyAuditLogger[]
  readonly audit_logger?: readonly PolicyAuditLogger[]
}

/** A logger by name, as registered by the server. */
export interface PolicyAuditLogger {
  readonly name: string
  /** For the logger. Default: `{}`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Leave the logger out if the server does not have it, instead of refusing the policy. Default: false. */
  readonly is_optional?: boolean
}

/** The longest text of a policy, in bytes. */
export const MAX_POLICY_BYTES = 1_048_576

const AUDIT_CONDITIONS = ['NONE', 'ON_DENY', 'ON_ALLOW', 'ON_DENY_AND_ALLOW'] as const
const MAX_NAME_CHARS = 256
const MAX_PATTERN_CHARS = 4_096
const MAX_RULES = 1_000
const MAX_ENTRIES = 1_000
const MAX_LOGGERS = 16
const MAX_DEPTH = 32
const MAX_FAULTS = 10

/** Headers that belong to one connection, or that the server interprets itself (gRFC A43). */
const FORBIDDEN_KEYS = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const NAME = text({ least: 1, most: MAX_NAME_CHARS })
const PATTERNS = listOf(text({ most: MAX_PATTERN_CHARS }), { most: MAX_ENTRIES })
const SOME_PATTERNS = listOf(text({ most: MAX_PATTERN_CHARS }), { least: 1, most: MAX_ENTRIES })
const HEADER = objectOf({ key: headerKey, values: SOME_PATTERNS }, ['key', 'values'])
const RULE = objectOf(
  {
    name: NAME,
    source: objectOf({ principals: PATTERNS }),
    request: objectOf({ paths: PATTERNS, headers: listOf(HEADER, { most: MAX_ENTRIES }) }),
  },
  ['name'],
)
const LOGGERS = listOf(objectOf({ name: NAME, config: anyObject, is_optional: boolean }, ['name']), {
  most: MAX_LOGGERS,
})
const AUDIT = objectOf({ audit_condition: oneOf(AUDIT_CONDITIONS), audit_loggers: LOGGERS, audit_logger: LOGGERS })
const POLICY: Shape = objectOf(
  {
    name: NAME,
    deny_rules: listOf(RULE, { most: MAX_RULES }),
    allow_rules: listOf(RULE, { least: 1, most: MAX_RULES }),
    audit_logging_options: oneSpelling,
  },
  ['name', 'allow_rules'],
)

/**
 * Reads a policy from its JSON text, or checks one that is an object.
 *
 * @throws RangeError that names the place of every fault. No values are shown, as header values may be secret.
 */
export function readPolicy(policy: unknown): AuthorizationPolicy {
  const value = typeof policy === 'string' ? parse(policy) : policy
  const faults: string[] = []
  POLICY(value, '', faults)
  if (faults.length > 0) throw invalid(listFaults(faults))
  return value as AuthorizationPolicy
}

/** The error for a policy that is not valid. */
export function invalid(faults: string): RangeError {
  return new RangeError(`invalid authorization policy: ${faults}`)
}

/** Keys that stand twice are refused: `JSON.parse` keeps the last one only, and so may drop deny rules. */
function parse(json: string): unknown {
  if (Buffer.byteLength(json) > MAX_POLICY_BYTES) throw invalid(`it is larger than ${MAX_POLICY_BYTES} bytes`)
  try {
    scanJson(json, { maxDepth: MAX_DEPTH, budgetBytes: Number.POSITIVE_INFINITY })
    return JSON.parse(json)
  } catch (error) {
    throw invalid(error instanceof ConnectError ? error.rawMessage : `it is not JSON${placeOf(error, json)}`)
  }
}

/** V8's error quotes the text, so only its position is used. */
function placeOf(error: unknown, json: string): string {
  const [, position] = /at position (\d+)/.exec(String(error)) ?? []
  if (position === undefined) return ''
  const lines = json.slice(0, Number(position)).split('\n')
  return ` (line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1})`
}

function listFaults(faults: readonly string[]): string {
  const more = faults.length - MAX_FAULTS
  return faults.slice(0, MAX_FAULTS).join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function headerKey(value: unknown, place: string, faults: string[]): void {
  const known = faults.length
  NAME(value, place, faults)
  if (faults.length > known) return
  const key = String(value).toLowerCase()
  if (key.startsWith(':') || key.startsWith('grpc-') || FORBIDDEN_KEYS.has(key))
    faults.push(`${place} is a header that policies may not match`)
  else if (key.endsWith('-bin')) faults.push(`${place} is a binary header, which policies cannot match`)
  else if (!TOKEN.test(key)) faults.push(`${place} is not a valid header name`)
}

/** The schema of gRFC A59 says `audit_logger`, and gRPC's own implementations read `audit_loggers`. */
function oneSpelling(value: unknown, place: string, faults: string[]): void {
  const known = faults.length
  AUDIT(value, place, faults)
  if (faults.length > known) return
  const { audit_logger, audit_loggers } = value as AuditLoggingOptions
  if (audit_logger !== undefined && audit_loggers !== undefined)
    faults.push(`${place} has both audit_loggers and audit_logger: leave one out`)
}
