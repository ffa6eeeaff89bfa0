/** Reads the parts of a service config that are about more than one attempt (gRFC A6). */
import { Code } from '@connectrpc/connect'
import { type FieldReader, POSITIVE_DURATION, UINT32 } from './field-reader.ts'
import type { HedgingPolicy, RetryPolicy } from './method-config.ts'
import type { RetryThrottling } from './service-config.ts'

/** More attempts than this are lowered silently: it is the client that bears them. */
const MAX_ATTEMPTS = 5

const AT_LEAST_TWO = { min: 2, max: UINT32.max }
const ABOVE_ZERO = { min: Number.MIN_VALUE, max: Number.MAX_VALUE }
const MAX_TOKENS = { min: 0.001, max: 1_000 }
const TOKEN_RATIO = { min: 0.001, max: Number.MAX_VALUE }

/** By gRPC's names, which are Connect's in another spelling, but for one. */
const CODE_BY_NAME: ReadonlyMap<string, Code | 'OK'> = new Map<string, Code | 'OK'>([
  ['OK', 'OK'],
  ['CANCELLED', Code.Canceled],
  ...Object.values(Code)
    .filter((code) => typeof code === 'number' && code !== Code.Canceled)
    .map((code): [string, Code] => [grpcName(code as Code), code as Code]),
])

/** Reads `retryPolicy`; all its fields must be there. */
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

/** Reads `hedgingPolicy`; `maxAttempts` must be there. */
export function parseHedgingPolicy(fields: FieldReader): HedgingPolicy {
  fields.require('maxAttempts')
  return Object.freeze({
    maxAttempts: readMaxAttempts(fields),
    hedgingDelayMs: fields.durationMs('hedgingDelay') ?? 0,
    nonFatalCodes: readCodes(fields, 'nonFatalStatusCodes'),
  })
}

/** Reads `retryThrottling`; both fields must be there. */
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

/** Numbers or names of gRPC, in any case. OK is one of them, and means nothing here. */
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
