/** What proves who the user is. Kept for the session of the tab, and never part of what is saved or linked. */
import { signal } from '@preact/signals'
import type { Fields } from '../contracts/live-call.ts'

/** The request headers of the credentials; empty for none. Calls and the request for the descriptors carry them. */
export const credentialHeaders = signal<Fields>([])
