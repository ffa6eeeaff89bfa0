/** A button that copies a text. */
import { useEffect, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import type { IconName } from './icon.tsx'

/** How long the button says what has happened. */
const SHOWN_MS = 2_000

/** What is copied. */
export interface CopyButtonProps {
  /** The text, or what makes it when it is needed. */
  readonly text: string | (() => string)
  /** What is copied, as in `Copy request`. Default: `Copy`. */
  readonly label?: string
  /** Whether the label is shown. Default: only the icon. */
  readonly isLabelled?: boolean
  /** Default: `copy`. */
  readonly icon?: IconName
}

/** Draws the button. */
export function CopyButton({ text, label = 'Copy', isLabelled = false, icon = 'copy' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = async () => setOutcome((await copyText(typeof text === 'string' ? text : text())) ? 'copied' : 'failed')
  const said = outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'The browser refused to copy' : ''
  return (
    <>
      <Button
        kind="quiet"
        isSmall
        icon={outcome === 'copied' ? 'check' : outcome === 'failed' ? 'warning' : icon}
        {...(isLabelled ? { children: outcome === 'copied' ? 'Copied' : label } : { label })}
        onClick={copy}
      />
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </>
  )
}

/** Copies a text, and returns whether that worked. Pages of plain http have no clipboard, but can copy what is selected. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // Not permitted: the other way needs no permission.
  }
  return copySelected(text)
}

function copySelected(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'visually-hidden'
  const { activeElement } = document
  // Inside of a modal dialog, nothing outside of it can be selected.
  const home = activeElement?.closest('dialog') ?? document.body
  home.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (activeElement instanceof HTMLElement) activeElement.focus()
  return isCopied
}
