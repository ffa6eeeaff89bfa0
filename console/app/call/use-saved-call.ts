/** The call of a form as it can be saved, as state of a component. */
import { useComputed } from '@preact/signals'
import type { SavedCall } from '../contracts/saved-call.ts'
import type { CallForm } from './call-form.ts'

/** Returns the same object until the user changes the call. */
export function useSavedCall(form: CallForm): SavedCall {
  return useComputed(() => form.toSavedCall()).value
}
