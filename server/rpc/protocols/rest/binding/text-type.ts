/** Types whose values a text can hold. */

/** A type as paths and queries see it. */
export interface TextType {
  /** What texts must be, for errors: `true or false`. */
  readonly expected: string
  /** Returns the value as protobuf-es keeps it in the field; undefined for a text that is not a value of the type. */
  parse(text: string): unknown
}

/** How texts become values. */
export interface ValueSettings {
  /** Whether booleans may be written as Go reads them too: `1`, `t`, `TRUE`. */
  readonly looseBooleans: boolean
  /** Whether durations may be written as Go writes them, too: `1h30m`, `250ms`. */
  readonly looseDurations: boolean
  /** Whether names of enum values are compared without case. */
  readonly ignoresEnumCase: boolean
  /** Whether `google.protobuf.Struct`, `Value` and `ListValue` may be given as JSON. */
  readonly jsonValues: boolean
}
