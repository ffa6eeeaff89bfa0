/** A key in a field of its own, as `x-api-key`. */
import { checkOptions } from '../../../wire/options/check-options.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'

/**
 * @param name the field: in any case, of `a-z 0-9 . _ -`, and not one of gRPC itself
 * @throws RangeError for a name or a key that cannot be sent
 */
export function apiKey(name: string, key: string, options: CredentialsOptions = {}): CallCredentials {
  checkOptions('apiKey', options, { kinds: CREDENTIALS_KINDS })
  const { requiresTls = true } = options
  const field = name.toLowerCase()
  if (!isName(field)) {
    throw new RangeError(`the field of the API key is "${name}", and must be as x-api-key, without grpc- and -bin`)
  }
  // The key is a secret: no message may hold it.
  if (!isValue(key)) throw new RangeError('the API key must be ASCII that can be seen, and not empty')
  const metadata = { [field]: key }
  return Object.freeze({ requiresTls, metadata: () => metadata })
}

/** Metadata of gRPC allows less than HTTP, and nothing that gRPC itself uses; what ends in `-bin` would be binary. */
function isName(field: string): boolean {
  return /^[a-z0-9._-]+$/.test(field) && !field.startsWith('grpc-') && !field.endsWith('-bin')
}

function isValue(key: string): boolean {
  return /^[!-~]+(?: +[!-~]+)*$/.test(key)
}
