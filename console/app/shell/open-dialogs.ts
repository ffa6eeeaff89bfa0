/** Which of the dialogs of the frame are open. */
import { signal } from '@preact/signals'

/** The navigation, on narrow screens. */
export const isDrawerOpen = signal(false)

/** The search. */
export const isSearchOpen = signal(false)
