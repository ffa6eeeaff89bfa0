/** A button, with an icon or none. */
import type { ComponentChildren, Ref } from 'preact'
import { Icon, type IconName } from './icon.tsx'

/** What a button shows and does. */
export interface ButtonProps {
  /** `main` for what a form or a page is for; `quiet` has no border. Default: `plain`. */
  readonly kind?: 'plain' | 'main' | 'quiet' | 'danger'
  readonly icon?: IconName
  readonly isSmall?: boolean
  /** The text for assistive technology, and the tooltip, of a button that has only an icon. */
  readonly label?: string
  readonly children?: ComponentChildren
  /** Default: `button`. */
  readonly type?: 'button' | 'submit'
  readonly isDisabled?: boolean
  readonly isBusy?: boolean
  /** For a toggle: whether it is on. */
  readonly isPressed?: boolean
  /** For what shows or hides something: whether it is shown. */
  readonly isExpanded?: boolean
  readonly class?: string
  readonly title?: string
  readonly buttonRef?: Ref<HTMLButtonElement>
  readonly onClick?: (event: MouseEvent) => void
}

/** Draws a button. */
export function Button(props: ButtonProps) {
  return (
    <button
      ref={props.buttonRef ?? null}
      type={props.type ?? 'button'}
      class={classOf(props)}
      disabled={props.isDisabled === true}
      aria-busy={props.isBusy === true ? true : undefined}
      aria-pressed={props.isPressed}
      aria-expanded={props.isExpanded}
      aria-label={props.label}
      title={props.title ?? props.label}
      onClick={props.onClick}
    >
      {props.icon !== undefined && <Icon name={props.icon} />}
      {props.children}
    </button>
  )
}

function classOf({ kind = 'plain', isSmall = false, children, class: more = '' }: ButtonProps): string {
  const names = ['button']
  if (kind !== 'plain') names.push(`is-${kind}`)
  if (isSmall) names.push('is-small')
  if (children === undefined) names.push('is-square')
  if (more !== '') names.push(more)
  return names.join(' ')
}
