/** Takes the secrets out of a call before it is kept, exported or linked. */
import type { SavedCall } from '../contracts/saved-call.ts'
import { isSecretName } from './secret-names.ts'

/** Returns the call with empty values for the headers that hold secrets. */
export function withoutSecrets(saved: SavedCall): SavedCall {
  const headers = saved.headers.map(({ name, value }) => ({ name, value: isSecretName(name) ? '' : value }))
  return { ...saved, headers }
}
