/** The setting of calls from this page. */

import { credentialHeaders } from '../session/credentials.ts'
import { api, facts } from '../session/facts.ts'
import type { CallContext } from './start-call.ts'

/** Returns the setting; null while the API of the server is not known. */
export function pageContext(): CallContext | null {
  const known = facts.peek()
  const types = api.peek()
  if (known === null || types === null) return null
  return {
    facts: known,
    api: types,
    credentials: credentialHeaders.peek(),
    origin: location.origin,
    schedule: nextFrame,
  }
}

/** A page in the background has no frames, but goes on to receive. */
function nextFrame(update: () => void): void {
  if (document.visibilityState === 'hidden') setTimeout(update, 250)
  else requestAnimationFrame(update)
}
