/** How calls prove who makes them. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'
import type { OptionKinds } from '../../../wire/options/check-options.ts'

/** The call that is to be sent. */
export interface CredentialedCall {
  /** `https://host/package.Service`, as audiences of tokens name it: without the method, and without the port that is the default. */
  readonly serviceUrl: string
  /** The name of the method alone. */
  readonly method: string
  /** `/package.Service/Method`. */
  readonly path: string
  /** The host that the request names, with its port if it has one. */
  readonly authority: string
}

/**
 * Makes the metadata that each call of a channel, or one call, proves itself with. Where both are given, both are sent, those
 * of the channel first. Neither interceptors nor observers see it. They are
 * also what a channel proves itself with when it asks servers for their health and their load.
 */
export interface CallCredentials {
  /**
   * Whether they may go only where nobody can listen: over TLS, or to a Unix socket. A transport to another place refuses to be made
   * with them; a call that brings them there fails with UNAUTHENTICATED and is not sent. Default true.
   */
  readonly requiresTls?: boolean
  /**
   * Called once for each attempt of a call, so that a retry has fresh ones; may be called while another is under way. The deadline
   * of the call runs meanwhile.
   *
   * @param signal aborts when the call ends before it is sent
   * @throws ConnectError: the attempt fails with it, or with INTERNAL for a code that only a service may use (gRFC A54). Of any other
   * error the caller learns only UNAUTHENTICATED.
   */
  metadata(call: CredentialedCall, signal: AbortSignal): CallMetadata | Promise<CallMetadata>
}

/** Fields and their values, in any form that `Headers` is made of. */
export type CallMetadata = NonNullable<ConstructorParameters<typeof Headers>[0]>

/** What makers of credentials have in common. */
export interface CredentialsOptions {
  /** As {@link CallCredentials.requiresTls}. Default true. */
  readonly requiresTls?: boolean
}

/** What they can be. */
export const CREDENTIALS_KINDS: OptionKinds<CredentialsOptions> = { requiresTls: ['boolean'] }

/** The credentials of one call, beside those of its channel. Default: none. */
export const callCredentials: ContextKey<CallCredentials | undefined> = createContextKey<CallCredentials | undefined>(
  undefined,
  { description: 'credentials of one call' },
)

/** Whether they may be sent over a channel. */
export function mayBeSent({ requiresTls = true }: CallCredentials, isSecure: boolean): boolean {
  return isSecure || !requiresTls
}
