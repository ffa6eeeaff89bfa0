/** Credentials with a bearer token (RFC 6750). */
import { checkOptions } from '../../../wire/options/check-options.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'

/**
 * A token, or a function that returns the current one. The function is called for each attempt of a call, so it should cache tokens.
 */
export type TokenSource = string | ((signal: AbortSignal) => string | Promise<string>)

/** @throws RangeError for an invalid token; one that a function returns fails the call with UNAUTHENTICATED */
export function bearerToken(token: TokenSource, options: CredentialsOptions = {}): CallCredentials {
  checkOptions('bearerToken', options, { kinds: CREDENTIALS_KINDS })
  const { requiresTls = true } = options
  if (typeof token !== 'string') {
    return Object.freeze({
      requiresTls,
      metadata: async (_call: unknown, signal: AbortSignal) => bearerMetadata(await token(signal)),
    })
  }
  const metadata = bearerMetadata(token)
  return Object.freeze({ requiresTls, metadata: () => metadata })
}

/** The b64token of RFC 6750. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

function bearerMetadata(token: string): Record<string, string> {
  // The message must not contain the token, which is secret.
  if (!TOKEN.test(token))
    throw new RangeError('the bearer token must consist of A-Z a-z 0-9 - . _ ~ + / and trailing =')
  return { authorization: `Bearer ${token}` }
}
