/** A label, its input, and what is to be said about them. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** The attributes that tie an input to its label and hints. */
export interface FieldInputProps {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean | undefined
}

/** What a field is made of. */
export interface FieldProps {
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
  /** What is wrong with the value. */
  readonly fault?: string | undefined
  readonly isInline?: boolean
  /** Draws the input with the given attributes. */
  readonly children: (attributes: FieldInputProps) => ComponentChildren
}

/** Draws a field. */
export function Field({ label, hint, fault, isInline = false, children }: FieldProps) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, fault !== undefined && `${id}-fault`].filter(Boolean)
  return (
    <div class={isInline ? 'field is-inline' : 'field'}>
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-describedby': described.length === 0 ? undefined : described.join(' '),
        'aria-invalid': fault === undefined ? undefined : true,
      })}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p class="fault" id={`${id}-fault`} role="alert" dir="auto">
          {fault}
        </p>
      )}
    </div>
  )
}
