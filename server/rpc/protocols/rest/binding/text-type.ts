/** Types whose values a text can hold. */
import type { RestSettings } from '../rest-options.ts'

/** A type as paths and queries see it. */
export interface TextType {
  /** What texts must be, for errors: `true or false`. */
  readonly expected: string
  /** Returns the value as protobuf-es keeps it in the field; undefined for a text that is not a value of the type. */
  parse(text: string): unknown
}

/** How texts become values. */
export type ValueSettings = Pick<
  RestSettings['query'],
  'looseBooleans' | 'looseDurations' | 'ignoresEnumCase' | 'jsonValues'
>
