/** A message to the user: about a fault, or about what has happened. */
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.tsx'

/** What a notice says. */
export interface NoticeProps {
  /** Default: `info`. Assistive technology reads `bad` at once, the others when it has time. */
  readonly tone?: 'info' | 'good' | 'warn' | 'bad'
  readonly children: ComponentChildren
  /** Buttons after the text. */
  readonly actions?: ComponentChildren
}

const ICONS = { info: 'info', good: 'check', warn: 'warning', bad: 'warning' } as const

/** Draws a notice. */
export function Notice({ tone = 'info', children, actions }: NoticeProps) {
  return (
    <div class={tone === 'info' ? 'notice' : `notice is-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={ICONS[tone]} />
      <div class="notice-text" dir="auto">
        {children}
      </div>
      {actions !== undefined && <div class="row is-tight">{actions}</div>}
    </div>
  )
}
