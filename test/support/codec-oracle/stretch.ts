/** Makes messages so large that the fields after a long one lie at the end of an encoder's buffer. */
import { type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'
import { scalarValue } from './scalar-values.ts'

/** Sizes of buffers, and what is below them. */
const ENDS = [4_096, 65_536, 131_072]
const BELOW = 1_200

/** Returns a copy of a message with one long field; the message itself if the type has no field that can be long. */
export function stretch(desc: DescMessage, message: Message, random: SeededRandom): Message {
  const long = desc.fields.filter(canBeLong)
  if (long.length === 0) return message
  const field = random.pick(long)
  const copy: Record<string, unknown> = Object.assign(Object.create(Object.getPrototypeOf(message)), message)
  const length = random.pick(ENDS) - random.below(BELOW)
  copy[field.localName] = longValue(field, length, random)
  return copy as unknown as Message
}

function canBeLong(field: DescField): boolean {
  if (field.fieldKind === 'list') return field.listKind === 'scalar'
  const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES
  return field.fieldKind === 'scalar' && field.oneof === undefined && isText
}

function longValue(field: DescField, length: number, random: SeededRandom): unknown {
  if (field.scalar === ScalarType.STRING && field.fieldKind !== 'list') return `${'x'.repeat(length - 2)}\u00e9`
  if (field.fieldKind !== 'list') return new Uint8Array(length).fill(7)
  const isLong = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES
  const isLongText = field.fieldKind === 'list' && field.listKind === 'scalar' && field.longAsString
  // Few different values, as making them takes longer than encoding them.
  const values = Array.from({ length: 8 }, () => scalarValue(field.scalar as ScalarType, isLongText, random))
  return Array.from({ length: isLong ? 60 : length >> 3 }, (_, n) => values[n & 7])
}
