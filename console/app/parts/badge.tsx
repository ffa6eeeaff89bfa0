/** A short text that classifies what it stands beside. */
import type { ComponentChildren } from 'preact'

/** What a badge looks like. */
export interface BadgeProps {
  /** Default: `plain`. */
  readonly tone?: 'plain' | 'accent' | 'good' | 'warn' | 'bad'
  /** Shows a dot in front, as for the state of a connection. `moving` breathes. */
  readonly dot?: 'still' | 'moving'
  readonly title?: string
  readonly class?: string
  readonly children: ComponentChildren
}

/** Draws a badge. */
export function Badge({ tone = 'plain', dot, title, class: more = '', children }: BadgeProps) {
  const names = ['badge', more]
  if (tone !== 'plain') names.push(`is-${tone}`)
  if (dot !== undefined) names.push('has-dot')
  if (dot === 'moving') names.push('is-moving')
  return (
    <span class={names.filter(Boolean).join(' ')} title={title}>
      {children}
    </span>
  )
}
