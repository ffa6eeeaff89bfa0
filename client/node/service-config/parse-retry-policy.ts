/** Parses the retry and hedging policies of a service config (gRFC A6). */
import { Code } from '@connectrpc/connect'
import { type FieldReader, POSITIVE_DURATION, UINT32 } from './field-reader.ts'
import type { HedgingPolicy, RetryPolicy } from './method-config.ts'
import type { RetryThrottling } from './service-config.ts'

/** Higher numbers of attempts are silently reduced to this. */
const MAX_ATTEMPTS = 5

const AT_LEAST_TWO = { min: 2, max: UINT32.max }
const ABOVE_ZERO = { min: Number.MIN_VALUE, max: Number.MAX_VALUE }
const MAX_TOKENS = { min: 0.001, max: 1_000 }
const TOKEN_RATIO = { min: 0.001, max: Number.MAX_VALUE }

/** Codes by gRPC's names, which except for one are Connect's in another spelling. */
const CODE_BY_NAME: ReadonlyMap<string, Code | 'OK'> = new Map<string, Code | 'OK'>([
  ['OK', 'OK'],
  ['CANCELLED', Code.Canceled],
  ...Object.values(Code)
    .filter((code) => typeof code === 'number' && code !== Code.Canceled)
    .map((code): [string, Code] => [grpcName(code as Code), code as Code]),
])

/** Parses `retryPolicy`, whose fields are all required. */
export function parseRetryPolicy(fields: FieldReader): RetryPolicy {
  fields.require('maxAttempts', 'initialBackoff', 'maxBackoff', 'backoffMultiplier', 'retryableStatusCodes')
  const policy = {
    maxAttempts: readMaxAttempts(fields),
    initialBackoffMs: fields.durationMs('initialBackoff', POSITIVE_DURATION) ?? 0,
    maxBackoffMs: fields.durationMs('maxBackoff', POSITIVE_DURATION) ?? 0,
    backoffMultiplier: fields.number('backoffMultiplier', ABOVE_ZERO) ?? 0,
    retryableCodes: readCodes(fields, 'retryableStatusCodes'),
  }
  if (fields.list('retryableStatusCodes')?.length === 0) {
    fields.fault('retryableStatusCodes', [], 'a list of at least one status code')
  }
  return Object.freeze(policy)
}

/** Parses `hedgingPolicy`, which requires `maxAttempts`. */
export function parseHedgingPolicy(fields: FieldReader): HedgingPolicy {
  fields.require('maxAttempts')
  return Object.freeze({
    maxAttempts: readMaxAttempts(fields),
    hedgingDelayMs: fields.durationMs('hedgingDelay') ?? 0,
    nonFatalCodes: readCodes(fields, 'nonFatalStatusCodes'),
  })
}

/** Parses `retryThrottling`, whose fields are both required. */
export function parseRetryThrottling(fields: FieldReader): RetryThrottling {
  fields.require('maxTokens', 'tokenRatio')
  const ratio = fields.number('tokenRatio', TOKEN_RATIO) ?? 0
  return Object.freeze({
    maxTokens: fields.number('maxTokens', MAX_TOKENS) ?? 0,
    // Three decimal places are kept (gRFC A6).
    tokenRatio: Math.floor(ratio * 1_000 + 1e-9) / 1_000,
  })
}

function readMaxAttempts(fields: FieldReader): number {
  return Math.min(fields.integer('maxAttempts', AT_LEAST_TWO) ?? 0, MAX_ATTEMPTS)
}

/** Parses codes: numbers, or gRPC names in any case. OK is accepted, but has no effect. */
function readCodes(fields: FieldReader, name: string): ReadonlySet<Code> {
  const codes = new Set<Code>()
  for (const [index, value] of (fields.list(name) ?? []).entries()) {
    const code = toCode(value)
    if (code === undefined) fields.fault(`${name}[${index}]`, value, 'a gRPC status code, as UNAVAILABLE or 14')
    else if (code !== 'OK') codes.add(code)
  }
  return codes
}

function toCode(value: unknown): Code | 'OK' | undefined {
  if (value === 0) return 'OK'
  if (typeof value === 'number') return Code[value] === undefined ? undefined : value
  return typeof value === 'string' ? CODE_BY_NAME.get(value.toUpperCase()) : undefined
}

function grpcName(code: Code): string {
  return Code[code].replace(/[a-z](?=[A-Z])/g, '$&_').toUpperCase()
}
