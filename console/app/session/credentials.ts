/** What proves who the user is. Kept for the session of the tab, and never part of what is saved or linked. */
import { computed, signal } from '@preact/signals'
import type { Fields } from '../contracts/live-call.ts'
import { readStored, writeStored } from '../parts/stored.ts'
import { type CredentialFields, headersOf, NO_CREDENTIALS } from './credential-fields.ts'

const KEY = 'credentials'

/** What the form was filled in with. */
export const credentialFields = signal<CredentialFields>(storedFields())

/** The request headers of the credentials; empty for none. Calls and the request for the descriptors carry them. */
export const credentialHeaders = signal<Fields>(headersOf(credentialFields.peek()))

/** Whether there are credentials. They may be wrong: only the server knows. */
export const hasCredentials = computed(() => credentialHeaders.value.length > 0)

/** Why the server refused the credentials when the page last showed them; null if it did not. */
export const credentialFault = signal<string | null>(null)

/**
 * Takes credentials for the session of the tab.
 *
 * @throws Error if a part of them cannot be sent
 */
export function takeCredentials(fields: CredentialFields): void {
  credentialHeaders.value = headersOf(fields)
  credentialFields.value = fields
  credentialFault.value = null
  writeStored('session', KEY, JSON.stringify(fields))
}

/** Forgets the credentials. */
export function dropCredentials(): void {
  credentialHeaders.value = []
  credentialFields.value = NO_CREDENTIALS
  credentialFault.value = null
  writeStored('session', KEY, null)
}

function storedFields(): CredentialFields {
  try {
    const fields = { ...NO_CREDENTIALS, ...JSON.parse(readStored('session', KEY) ?? '{}') }
    headersOf(fields)
    return fields
  } catch {
    return NO_CREDENTIALS
  }
}
