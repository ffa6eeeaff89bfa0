/** A part that the user opens when needed. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** What a disclosure holds. */
export interface DisclosureProps {
  readonly summary: ComponentChildren
  readonly isOpen?: boolean
  readonly onToggle?: (isOpen: boolean) => void
  readonly children: ComponentChildren
}

/** Draws a disclosure. Its content is rendered once it has been opened. */
export function Disclosure({ summary, isOpen = false, onToggle, children }: DisclosureProps) {
  const [wasOpened, setWasOpened] = useState(isOpen)
  const toggled = (event: Event) => {
    if (!(event.currentTarget instanceof HTMLDetailsElement)) return
    if (event.currentTarget.open) setWasOpened(true)
    onToggle?.(event.currentTarget.open)
  }
  return (
    <details class="disclosure" open={isOpen} onToggle={toggled}>
      <summary>
        <Icon name="chevron" />
        {summary}
      </summary>
      {(wasOpened || isOpen) && <div class="disclosure-body">{children}</div>}
    </details>
  )
}
