/** Credentials with an API key in a field such as `x-api-key`. */
import { checkOptions } from '../../../wire/options/check-options.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'

/**
 * @param name the field name, case-insensitive, of `a-z 0-9 . _ -`, and not one of gRPC
 * @throws RangeError for an invalid name or key
 */
export function apiKey(name: string, key: string, options: CredentialsOptions = {}): CallCredentials {
  checkOptions('apiKey', options, { kinds: CREDENTIALS_KINDS })
  const { requiresTls = true } = options
  const field = name.toLowerCase()
  if (!isName(field)) {
    throw new RangeError(
      `the field of the API key is "${name}", and must be a name such as x-api-key, without grpc- and -bin`,
    )
  }
  // The message must not contain the key, which is secret.
  if (!isValue(key)) throw new RangeError('the API key must be visible ASCII, and not empty')
  const metadata = { [field]: key }
  return Object.freeze({ requiresTls, metadata: () => metadata })
}

/** Whether the name is valid for gRPC metadata, which is stricter than HTTP, and neither reserved nor binary (`-bin`). */
function isName(field: string): boolean {
  return /^[a-z0-9._-]+$/.test(field) && !field.startsWith('grpc-') && !field.endsWith('-bin')
}

function isValue(key: string): boolean {
  return /^[!-~]+(?: +[!-~]+)*$/.test(key)
}
