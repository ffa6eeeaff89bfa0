/** Says which values are left out of what is saved. */
import type { SavedCall } from '../contracts/saved-call.ts'
import { isSecretName } from './secret-names.ts'

/** Draws the hint, if the call has secrets. */
export function SecretHint({ saved }: { readonly saved: SavedCall }) {
  const names = saved.headers.filter(({ name }) => isSecretName(name)).map(({ name }) => name)
  if (names.length === 0) return null
  return (
    <p class="hint" dir="auto">
      Without the {names.length === 1 ? 'value' : 'values'} of {names.join(', ')}: secrets are never saved.
    </p>
  )
}
