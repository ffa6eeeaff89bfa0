/** The button that goes through the themes. */
import { Button } from '../parts/button.tsx'
import { THEMES, theme } from './theme.ts'

const ICONS = { system: 'monitor', light: 'sun', dark: 'moon' } as const

/** Draws the button. */
export function ThemeButton() {
  const current = theme.value
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system'
  return (
    <Button
      kind="quiet"
      icon={ICONS[current]}
      label={`Theme: ${current}. Change to ${next}`}
      onClick={() => {
        theme.value = next
      }}
    />
  )
}
