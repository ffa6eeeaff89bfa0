/** Light, dark, or what the system has. The browser remembers what the user chose. */
import { effect } from '@preact/signals'
import { storedSignal } from '../parts/stored-signal.ts'

/** In the order in which the button goes through them. */
export const THEMES = ['system', 'light', 'dark'] as const

/** A choice of colours. */
export type Theme = (typeof THEMES)[number]

/** The choice of the user. */
export const theme = storedSignal<Theme>('local', 'theme', 'system', isTheme)

/** Applies the choice to the page, now and whenever it changes. */
export function followTheme(): void {
  effect(() => {
    const { dataset } = document.documentElement
    if (theme.value === 'system') delete dataset.theme
    else dataset.theme = theme.value
  })
}

function isTheme(text: string): text is Theme {
  return THEMES.some((each) => each === text)
}
