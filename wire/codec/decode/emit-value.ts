/** Generates the code that reads one value: `b` are the octets, `p` the position, `n` a number or length, `q` the end of a content. */
import { ScalarType } from '@bufbuild/protobuf'
import { WireType } from '../../decode-budget/wire-type.ts'
import type { FunctionSource } from '../function-source.ts'
import { type MessageField, messageValueOf } from './message-value.ts'
import { bool, longTag, reader, truncated, uint32 } from './octet-reader.ts'
import { type ScalarFeatures, scalarReader } from './scalar-reader.ts'
import type { FindReader } from './type-reader.ts'

/** The names of what all generated readers use. */
export interface ReaderNames {
  readonly reader: string
  readonly longTag: string
  readonly uint32: string
  readonly truncated: string
}

/** The code of a scalar: `value` is an expression, used once, between the lines before and after it. */
export interface ScalarCode {
  readonly before: readonly string[]
  readonly value: string
  readonly after: readonly string[]
}

/** The code of a message, whose value is in the variable `v`; undefined if there is none yet. */
export interface ChildCode {
  readonly wireType: number
  /** Makes `v` a message to read into. */
  readonly open: readonly string[]
  readonly read: readonly string[]
  /** The value of the field. */
  readonly close: string
}

/** Binds what all generated readers use. */
export function bindReader(source: FunctionSource): ReaderNames {
  return {
    reader: source.bind(reader),
    longTag: source.bind(longTag),
    uint32: source.bind(uint32),
    truncated: source.bind(truncated),
  }
}

/** Declares `tag`. Most tags take one octet. */
export function tagCode({ reader, longTag }: ReaderNames): string[] {
  return ['let tag = b[p++]', 'if (tag > 127) {', `tag = ${longTag}(b, p - 1)`, `p = ${reader}.position`, '}']
}

/** Reads a length into `n`, and sets `q` to the end of the content. */
export function contentCode(names: ReaderNames): string[] {
  return [...varintCode(names, names.uint32), `if ((q = p + n) > limit) ${names.truncated}()`]
}

/** Reads a scalar, or the number of an enum value. */
export function scalarCode(
  { scalar }: { scalar?: ScalarType | undefined },
  features: ScalarFeatures,
  source: FunctionSource,
): ScalarCode {
  const names = bindReader(source)
  switch (scalar) {
    case undefined:
    case ScalarType.INT32:
      return { before: varintCode(names, names.uint32), value: '(n | 0)', after: [] }
    case ScalarType.UINT32:
      return { before: varintCode(names, names.uint32), value: 'n', after: [] }
    case ScalarType.SINT32:
      return { before: varintCode(names, names.uint32), value: '((n >>> 1) ^ -(n & 1))', after: [] }
    case ScalarType.BOOL:
      return { before: varintCode(names, `+${source.bind(bool)}`), value: '(n !== 0)', after: [] }
    default: {
      const read = source.bind(scalarReader(scalar, features))
      return { before: [], value: `${read}(b, p)`, after: [`p = ${names.reader}.position`] }
    }
  }
}

/** Reads a message, in the representation of its field. */
export function childCode(field: MessageField, source: FunctionSource, find: FindReader): ChildCode {
  const names = bindReader(source)
  const type = source.bind(find(field.message))
  const isGroup = field.fieldKind !== 'map' && field.delimitedEncoding
  const value = messageValueOf(field, find)
  const open = value.isMessage ? `if (v === undefined) v = new ${type}.Message()` : `v = ${source.bind(value.open)}(v)`
  return {
    wireType: isGroup ? WireType.START_GROUP : WireType.LENGTH,
    open: [open],
    read: isGroup
      ? [`p = ${type}.read(v, b, p, limit, d + 1, ${field.number})`]
      : [...contentCode(names), `p = ${type}.read(v, b, p, q, d + 1, 0)`],
    close: value.isMessage ? 'v' : `${source.bind(value.close)}(v)`,
  }
}

/** Reads a varint into `n`. Most varints take one octet. */
function varintCode({ reader }: ReaderNames, readLonger: string): string[] {
  return ['if (p < limit && (n = b[p]) < 128) p++', 'else {', `n = ${readLonger}(b, p)`, `p = ${reader}.position`, '}']
}
