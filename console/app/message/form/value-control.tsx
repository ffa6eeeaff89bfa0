/** The control of a single value, by its type. */
import type { ComponentType } from 'preact'
import { wrappedShape } from '../schema/value-shape.ts'
import type { ControlProps } from './control-props.ts'
import { DurationControl } from './duration-control.tsx'
import { EnumControl } from './enum-control.tsx'
import { FieldMaskControl } from './field-mask-control.tsx'
import { JsonControl } from './json-control.tsx'
import { ScalarControl } from './scalar-control.tsx'
import { TimestampControl } from './timestamp-control.tsx'

/** Controls of messages that JSON does not write as objects of their fields. */
const WELL_KNOWN: ReadonlyMap<string, ComponentType<ControlProps>> = new Map([
  ['google.protobuf.Timestamp', TimestampControl],
  ['google.protobuf.Duration', DurationControl],
  ['google.protobuf.FieldMask', FieldMaskControl],
  ['google.protobuf.Struct', JsonControl],
  ['google.protobuf.Value', JsonControl],
  ['google.protobuf.ListValue', JsonControl],
])

/** Whether a value has a control of one line, in contrast to a message with fields. */
export function hasOwnControl({ shape }: Pick<ControlProps, 'shape'>): boolean {
  if (shape.kind !== 'message') return true
  return WELL_KNOWN.has(shape.message.typeName) || wrappedShape(shape.message) !== undefined
}

export function ValueControl(props: ControlProps) {
  const { shape } = props
  if (shape.kind === 'scalar') return <ScalarControl {...props} scalar={shape.scalar} />
  if (shape.kind === 'enum') return <EnumControl {...props} desc={shape.enum} />
  const wrapped = wrappedShape(shape.message)
  // A wrapper exists while it is set, whatever it holds.
  if (wrapped !== undefined) return <ValueControl {...props} shape={wrapped} keepsDefault={true} />
  const WellKnown = WELL_KNOWN.get(shape.message.typeName)
  return WellKnown === undefined ? null : <WellKnown {...props} />
}
