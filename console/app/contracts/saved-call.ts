/** A call without its secrets: what links, history and collections keep, and what snippets are made of. */
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'

/** A request header of a call. */
export interface SavedHeader {
  readonly name: string
  /** Empty for a secret, such as `authorization`: the page of whoever opens the call asks for it. */
  readonly value: string
}

/** Plain data, which survives JSON. */
export interface SavedCall {
  /** As in `greeter.v1.GreeterService/SayHello`. */
  readonly method: string
  readonly protocol: ConsoleProtocol
  /** Whether a unary call without side effects uses GET; Connect only. */
  readonly usesGet?: boolean
  readonly headers: readonly SavedHeader[]
  /** The deadline, in milliseconds. Missing: none. */
  readonly timeoutMs?: number
  /** The request messages, as texts of protobuf's JSON. A unary call has one. */
  readonly messages: readonly string[]
}

/** Well-known names of headers whose values are secrets, in lower case. */
export const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
])

/** What the names of other secrets contain, such as `x-amz-security-token`. */
const SECRET_WORD = /api[-_]?key|authorization|cookie|credential|jwt|passw|secret|session|token/

/** Whether the values of a header are secrets for certain: never saved, never in links. */
export function isSecretHeader(name: string): boolean {
  const lower = name.trim().toLowerCase()
  return SECRET_HEADERS.has(lower) || SECRET_WORD.test(lower)
}
