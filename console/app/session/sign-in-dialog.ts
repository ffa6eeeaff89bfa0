/** Whether the form for credentials is open. Views ask for it when the server refuses a call. */
import { signal } from '@preact/signals'

/** Whether the form for credentials is open. */
export const isSignInOpen = signal(false)
