/**
 * Makes the function that writes the fields of a message type from closures: for types that are too wide for generated code, and for processes that
 * may not generate code. Each closure leaves all of the slack free.
 */
import { ScalarType } from '@bufbuild/protobuf'
import { WireType } from '../../decode-budget/wire-type.ts'
import { type FieldPlan, minimumSize, startTag, tagOctets, type ValuePlan } from './encode-plan.ts'
import type { EncoderContext } from './encoder-source.ts'
import { implicitTest, isLooselyZero } from './implicit-presence.ts'
import { grow, output } from './output.ts'
import {
  closeMessage,
  type FieldsWriter,
  mapKeyWriter,
  refuseForeign,
  refuseUnset,
  wrapperWidth,
  writeUnknown,
} from './write-parts.ts'
import { closeLength, scalarWriters, varintSize } from './write-scalar.ts'
import { writeStruct } from './write-struct.ts'

/** A message, as its fields are read. */
type Fields = Readonly<Record<string, unknown>>

type FieldWriter = (message: Fields, p: number) => number
type ValueWriter = (p: number, value: unknown) => number

/** Makes the function of a type. */
export function closureWriter(fields: readonly FieldPlan[], context: EncoderContext): FieldsWriter {
  const writers = fields.map((field) => fieldWriter(field, context))
  const { typeName, writesUnknown } = context
  return (given, p) => {
    const message = given as Fields & {
      readonly $typeName: string
      readonly $unknown?: Parameters<typeof writeUnknown>[1]
    }
    if (message.$typeName !== typeName && writers.length > 0) refuseForeign(message, typeName)
    let end = p
    for (const write of writers) end = write(message, end)
    const unknown = writesUnknown ? message.$unknown : undefined
    return unknown === undefined ? grow(end) : writeUnknown(end, unknown)
  }
}

function fieldWriter(field: FieldPlan, context: EncoderContext): FieldWriter {
  const { name, presence, label } = field
  if (presence.kind === 'packed') return packedWriter(field)
  if (presence.kind === 'map') return mapWriter(field, presence.key, context)
  const write = valueWriter(field, context)
  switch (presence.kind) {
    case 'implicit': {
      const isWritten = implicitTest(field)
      return (message, p) => {
        const value = message[name]
        return isWritten(value) ? write(p, value) : p
      }
    }
    case 'explicit':
      return (message, p) => {
        const value = message[name]
        return value !== undefined && Object.hasOwn(message, name) ? write(p, value) : p
      }
    case 'required':
      return (message, p) => {
        const value = message[name]
        return value !== undefined && Object.hasOwn(message, name) ? write(p, value) : refuseUnset(label)
      }
    case 'oneof': {
      const { group } = presence
      return (message, p) => {
        const chosen = message[group] as { case: unknown; value: unknown }
        return chosen.case === name ? write(p, chosen.value) : p
      }
    }
    case 'list':
      return (message, p) => {
        const items = message[name] as readonly unknown[]
        let end = p
        for (let i = 0; i < items.length; i++) end = write(end, items[i])
        return end
      }
  }
}

/** Returns the writer of a tag and a value. */
function valueWriter(
  { number, value, label }: Pick<FieldPlan, 'number' | 'value' | 'label'>,
  context: EncoderContext,
): ValueWriter {
  const tag = startTag(number, value)
  if (value.kind === 'scalar') {
    const write = scalarWriters[value.type]
    return (p, given) => grow(write(writeTag(p, tag), given, label))
  }
  if (value.kind === 'wrapped') return wrappedWriter(number, value, context)
  const encoder = context.find(value.desc)
  const fields: ValueWriter =
    value.kind === 'struct'
      ? writeStruct
      : (p, given) => encoder.write(given === undefined ? encoder.zero : (given as object), p)
  if (value.isGroup) {
    const endTag = tagOctets(number, WireType.END_GROUP)
    return (p, given) => grow(writeTag(fields(writeTag(grow(p), tag), given), endTag))
  }
  return (p, given) => {
    const at = writeTag(grow(p), tag)
    const { width } = encoder
    return closeMessage(encoder, at, width, fields(at + width, given))
  }
}

function wrappedWriter(
  number: number,
  value: ValuePlan & { readonly kind: 'wrapped' },
  context: EncoderContext,
): ValueWriter {
  const tag = startTag(number, value)
  const endTag = tagOctets(number, WireType.END_GROUP)
  const isWritten = implicitTest(value.inner)
  const write = valueWriter(value.inner, context)
  return (p, given) => {
    const at = writeTag(grow(p), tag)
    const width = value.isGroup ? 0 : wrapperWidth(given)
    const end = isWritten(given) ? write(at + width, given) : at + width
    return value.isGroup ? grow(writeTag(end, endTag)) : closeLength(at, width, end)
  }
}

function packedWriter({ name, number, value, label }: FieldPlan): FieldWriter {
  const tag = tagOctets(number, WireType.LENGTH)
  const type = value.kind === 'scalar' ? value.type : ScalarType.INT32
  const write = scalarWriters[type]
  const size = minimumSize(type)
  return (message, p) => {
    const items = message[name] as readonly unknown[]
    // An object without a length is an empty list with a tag, as for protobuf-es.
    if (isLooselyZero(items.length)) return p
    const at = writeTag(p, tag)
    const width = varintSize(items.length * size || 0)
    let end = at + width
    for (let i = 0; i < items.length; i++) end = grow(write(end, items[i], label))
    return closeLength(at, width, end)
  }
}

function mapWriter(field: FieldPlan, key: ScalarType, context: EncoderContext): FieldWriter {
  const { name, number, value, label } = field
  const tag = tagOctets(number, WireType.LENGTH)
  const keyTag = startTag(1, { kind: 'scalar', type: key })
  const writeKey = mapKeyWriter(key)
  const writeValue = valueWriter({ number: 2, value, label }, context)
  const encoder = value.kind === 'message' ? context.find(value.desc) : null
  return (message, p) => {
    const map = message[name] as Fields
    let end = p
    for (const entry of Object.keys(map)) {
      const at = writeTag(grow(end), tag)
      // An entry takes little more than the message in it.
      const width = encoder === null ? 1 : encoder.width
      const middle = writeKey(writeTag(at + width, keyTag), entry, label)
      end = closeLength(at, width, writeValue(middle, map[entry]))
    }
    return end
  }
}

function writeTag(p: number, tag: readonly number[]): number {
  const { buffer } = output
  for (let i = 0; i < tag.length; i++) buffer[p + i] = tag[i] as number
  return p + tag.length
}
