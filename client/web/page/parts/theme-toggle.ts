/** The theme: that of the system, until the user chooses another. */
import { recall, remember } from './remembered.ts'

type Theme = 'light' | 'dark'

const KEY = 'theme'

/** Makes the button switch between light and dark. A choice that equals the system's is not stored. */
export function setUpThemeToggle(button: HTMLButtonElement): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const systemTheme = (): Theme => (system.matches ? 'dark' : 'light')
  const stored = recall(KEY)
  let chosen: Theme | undefined = stored === 'light' || stored === 'dark' ? stored : undefined

  function render(): void {
    if (chosen === undefined) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
    button.setAttribute('aria-pressed', String((chosen ?? systemTheme()) === 'dark'))
  }

  button.addEventListener('click', () => {
    const wanted: Theme = (chosen ?? systemTheme()) === 'dark' ? 'light' : 'dark'
    chosen = wanted === systemTheme() ? undefined : wanted
    remember(KEY, chosen)
    render()
  })
  system.addEventListener('change', render)
  render()
}
