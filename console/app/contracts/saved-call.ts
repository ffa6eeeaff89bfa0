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

/** Names of headers whose values are secrets: never saved, never in links. Compared in lower case. */
export const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
])
