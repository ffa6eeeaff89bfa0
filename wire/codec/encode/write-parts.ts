/** Writers of what is neither a scalar value nor specific to a type: messages within messages, map keys, unknown fields. */
import { create, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf'
import { grow, output } from './output.ts'
import { closeLength, type ScalarWriter, scalarWriters, varintSize, writeVarint } from './write-scalar.ts'

/** Writes the fields of a message. The position before may be up to a tag and a length after the limit; the one after is not after the limit. */
export type FieldsWriter = (message: object, p: number) => number

/** The encoder of a message type. Types refer to each other, and to themselves, so the function is set later. */
export class TypeEncoder {
  readonly desc: DescMessage
  /** Writes the fields. */
  write: FieldsWriter
  /** The octets that the length of the latest message took. The next one probably needs as many, and then nothing has to move. */
  width = 1
  #zero: Message | null = null

  constructor(desc: DescMessage, write: FieldsWriter) {
    this.desc = desc
    this.write = write
  }

  /** The message that protobuf-es writes in place of `undefined`. */
  get zero(): Message {
    this.#zero ??= create(this.desc) as Message
    return this.#zero
  }
}

/** Writes the length of a message, for which `width` octets were left free, and remembers how many it took. */
export function closeMessage(encoder: TypeEncoder, at: number, width: number, end: number): number {
  encoder.width = varintSize(end - at - width)
  return closeLength(at, width, end)
}

/** Returns the octets to leave free for the length of a wrapper with text or octets. */
export function wrapperWidth(value: unknown): number {
  const length = (value as { length?: unknown } | null)?.length
  return typeof length === 'number' && length > 125 ? varintSize(length + 1 + varintSize(length)) : 1
}

/** Writes the unknown fields that a message was decoded with. */
export function writeUnknown(p: number, fields: Message['$unknown'] & object): number {
  let end = p
  for (let i = 0; i < fields.length; i++) {
    const { no, wireType, data } = fields[i] as { no: number; wireType: number; data: Uint8Array }
    const start = writeVarint(grow(end, data.length), ((no << 3) | wireType) >>> 0)
    output.buffer.set(data, start)
    end = grow(start + data.length)
  }
  return end
}

/** Throws for a message of another type. */
export function refuseForeign(message: { readonly $typeName: unknown }, typeName: string): never {
  throw new Error(`cannot encode ${typeName}: the message is of the type ${String(message.$typeName)}`)
}

/** Throws for a field that must be set. */
export function refuseUnset(label: string): never {
  throw new Error(`cannot encode field ${label} to binary: required field not set`)
}

/** Returns the writer of the keys of maps, which are text in messages whatever their type. */
export function mapKeyWriter(type: ScalarType): ScalarWriter {
  const write = scalarWriters[type]
  switch (type) {
    case ScalarType.STRING:
    // 64-bit integers are read from text.
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return write
    case ScalarType.BOOL:
      return (p, key, label) => write(p, key !== 'false' && key !== '', label)
    default:
      return (p, key, label) => {
        // Without a radix, as protobuf-es reads keys: 0x10 is 16.
        const number = Number.parseInt(key as string, undefined)
        return write(p, Number.isFinite(number) ? number : key, label)
      }
  }
}
