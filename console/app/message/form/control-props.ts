/** What every control of a single value is given. */
import type { JsonNode, JsonPath } from '../json/json-node.ts'
import type { AnyField, ValueShape } from '../schema/value-shape.ts'

export interface ControlProps {
  readonly shape: ValueShape
  /** Undefined while the value is unset. */
  readonly node: JsonNode | undefined
  readonly path: JsonPath
  /** The field that the value is of, or is an item of; undefined for a message that is a well-known type. */
  readonly field: AnyField | undefined
  /** Of the main input, which the label names. */
  readonly id: string
  /** The accessible name of the main input where no `label` element names it. */
  readonly name: string | undefined
  readonly describedBy: string | undefined
  readonly isInvalid: boolean
  /** Whether the value exists although it is the default, as in a list. */
  readonly keepsDefault: boolean
  /** Takes the new value as JSON text; null for the default. */
  readonly onValue: (value: string | null) => void
}

/** The attributes of the main input of a control. */
export function inputAttributes({ id, name, describedBy, isInvalid }: ControlProps) {
  return { id, 'aria-label': name, 'aria-describedby': describedBy, 'aria-invalid': isInvalid || undefined }
}

/** Returns what a scalar's input shows: a text that is no valid value is shown as it is. */
export function shownText(node: JsonNode | undefined): string {
  switch (node?.kind) {
    case 'string':
      return node.value
    case 'number':
      return node.raw
    case 'literal':
      return node.value === null ? '' : String(node.value)
    default:
      return ''
  }
}
