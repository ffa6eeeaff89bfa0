/** What the server tells about itself. */
import { signal } from '@preact/signals'
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'
import type { Api } from '../api/api.ts'

/** Null until they have arrived. */
export const facts = signal<ConsoleFacts | null>(null)

/** The API; null until its descriptors have arrived, or while the server refuses to show them. */
export const api = signal<Api | null>(null)
