/** Combines several credentials, for example an API key and a user's token. */
import type { CallCredentials, CredentialedCall } from './call-credentials.ts'

/** Sends the metadata of all credentials in order. Requires TLS if one of them does. */
export function combineCredentials(...all: readonly CallCredentials[]): CallCredentials {
  return Object.freeze({
    requiresTls: all.some(({ requiresTls = true }) => requiresTls),
    async metadata(call: CredentialedCall, signal: AbortSignal) {
      const made = await Promise.all(all.map((credentials) => credentials.metadata(call, signal)))
      return made.flatMap((metadata) => [...new Headers(metadata)])
    },
  })
}
