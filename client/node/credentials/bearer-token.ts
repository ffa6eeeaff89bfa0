/** `authorization: Bearer ...` (RFC 6750). */
import { checkOptions } from '../../../wire/options/check-options.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'

/**
 * A token, or who gives the one that is valid now. Called for each attempt of a call: it keeps what it has fetched as long as it
 * may.
 */
export type TokenSource = string | ((signal: AbortSignal) => string | Promise<string>)

/** @throws RangeError for a token that cannot be sent; one that a function gives fails the call with UNAUTHENTICATED */
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

/** What RFC 6750 calls a b64token. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

function bearerMetadata(token: string): Record<string, string> {
  // The token is a secret: no message may hold it.
  if (!TOKEN.test(token))
    throw new RangeError('the bearer token must be one or more of A-Z a-z 0-9 - . _ ~ + / and then =')
  return { authorization: `Bearer ${token}` }
}
