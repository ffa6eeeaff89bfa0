/** The interface between authentication and its schemes, such as tokens and API keys. */
import type { HandlerContext } from '@connectrpc/connect'
import type { CallerScheme } from '../../rpc/api-facts.ts'
import { requestField } from '../../rpc/call-context.ts'
import type { Principal } from '../../rpc/context-keys.ts'
import type { PreparedServer } from '../../rpc/middleware.ts'

/** A way for callers to prove who they are. */
export interface AuthScheme {
  /** For principals, rules and the log: `jwt`. */
  readonly name: string
  /** What `www-authenticate` says to callers without valid credentials: `Bearer`. Default: nothing. */
  readonly challenge?: string | undefined
  /** How descriptions of the API present it. Default: they leave it out. */
  readonly description?: CallerScheme | undefined
  /**
   * Verifies the credentials of a call, before its body is read. Null if the call has none of this scheme: the next scheme is tried.
   *
   * @throws InvalidCredentials for credentials that must not be accepted, whatever the other schemes say
   * @throws ConnectError with another code where the credentials cannot be verified now
   */
  authenticate(context: HandlerContext): Principal | null | Promise<Principal | null>
  /** Called once, before the port opens, to load keys. What it throws ends the start-up. */
  prepare?(server: PreparedServer): void | Promise<void>
}

/** Credentials that must not be accepted. The caller receives UNAUTHENTICATED without the reason, which is logged. */
export class InvalidCredentials extends Error {
  override readonly name = 'InvalidCredentials'
  /** A few fixed words for the log, such as `expired`; never a part of the credentials. */
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

/**
 * Returns the credentials of an `authorization` field; null if it is absent or has another scheme. Schemes are compared in lower case
 * (RFC 9110, section 11.1).
 *
 * @param scheme in lower case: `bearer`
 */
export function authorizationOf(context: HandlerContext, scheme: string): string | null {
  const value = requestField(context, 'authorization')
  if (value === null || value.slice(0, scheme.length).toLowerCase() !== scheme) return null
  const rest = value.slice(scheme.length)
  return rest === '' || rest.startsWith(' ') ? rest.trim() : null
}
