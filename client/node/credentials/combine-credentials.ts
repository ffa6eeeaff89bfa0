/** Several credentials as one: a key of the application beside a token of the user, say. */
import type { CallCredentials, CredentialedCall } from './call-credentials.ts'

/** All that they make is sent, in their order. They require TLS if one of them does. */
export function combineCredentials(...all: readonly CallCredentials[]): CallCredentials {
  return Object.freeze({
    requiresTls: all.some(({ requiresTls = true }) => requiresTls),
    async metadata(call: CredentialedCall, signal: AbortSignal) {
      const made = await Promise.all(all.map((credentials) => credentials.metadata(call, signal)))
      return made.flatMap((metadata) => [...new Headers(metadata)])
    },
  })
}
