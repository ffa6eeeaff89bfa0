/** What stands where there is nothing to show: why, and what to do. */
import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

/** What an empty state says. */
export interface EmptyStateProps {
  readonly icon: IconName
  readonly title: string
  /** Default: `h2`. `h1` where it is the whole view. */
  readonly heading?: 'h1' | 'h2' | 'h3'
  readonly children?: ComponentChildren
  readonly actions?: ComponentChildren
}

/** Draws an empty state. */
export function EmptyState({ icon, title, heading: Heading = 'h2', children, actions }: EmptyStateProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <Heading dir="auto">{title}</Heading>
      {children !== undefined && <div class="empty-text stack is-tight">{children}</div>}
      {actions !== undefined && <div class="row">{actions}</div>}
    </div>
  )
}
