/** The contract of call credentials. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'
import type { OptionKinds } from '../../../wire/options/check-options.ts'

/** The call that needs credentials. */
export interface CredentialedCall {
  /** `https://host/package.Service`, the audience of tokens: without the method and a default port. */
  readonly serviceUrl: string
  /** The method name only. */
  readonly method: string
  /** `/package.Service/Method`. */
  readonly path: string
  /** The authority of the request: a host, and possibly a port. */
  readonly authority: string
}

/**
 * Creates the metadata that authenticates each call of a channel, or a single call. If both are given, both are sent, those of the channel
 * first. Interceptors and observers do not see it. The channel's own requests for health and load use its credentials, too.
 */
export interface CallCredentials {
  /**
   * Whether they may only be sent over a private connection: TLS, or a Unix socket. Otherwise creating a transport with them fails, and a
   * call with them fails with UNAUTHENTICATED and is not sent. Default: true.
   */
  readonly requiresTls?: boolean
  /**
   * Called once for each attempt of a call, so that retries have fresh credentials. Calls may overlap. The deadline of the call applies.
   *
   * @param signal aborts when the call ends before it is sent
   * @throws ConnectError, with which the attempt fails, or with INTERNAL for a code that only a service may use (gRFC A54). For any other
   * error the attempt fails with UNAUTHENTICATED, without its text.
   */
  metadata(call: CredentialedCall, signal: AbortSignal): CallMetadata | Promise<CallMetadata>
}

/** Fields and values, in any form that the `Headers` constructor accepts. */
export type CallMetadata = NonNullable<ConstructorParameters<typeof Headers>[0]>

/** The options that all credentials share. */
export interface CredentialsOptions {
  /** As {@link CallCredentials.requiresTls}. Default: true. */
  readonly requiresTls?: boolean
}

/** The kinds of the options. */
export const CREDENTIALS_KINDS: OptionKinds<CredentialsOptions> = { requiresTls: ['boolean'] }

/** The context key for the credentials of one call, in addition to those of its channel. Default: none. */
export const callCredentials: ContextKey<CallCredentials | undefined> = createContextKey<CallCredentials | undefined>(
  undefined,
  { description: 'credentials of one call' },
)

/** Whether credentials may be sent over a channel. */
export function mayBeSent({ requiresTls = true }: CallCredentials, isSecure: boolean): boolean {
  return isSecure || !requiresTls
}
