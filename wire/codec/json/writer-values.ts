/** The code that writes single values: of fields, elements of lists, and values of maps. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { base64Encode } from '@bufbuild/protobuf/wire'
import { isJson, isUnwrapped } from '../create/member-plan.ts'
import type { FunctionSource } from '../function-source.ts'
import { quote } from './quote.ts'
import { structText } from './value-texts.ts'

/** How the value `v` is written. */
export interface ValueCode {
  /** Whether protobuf-es has to write the value, or refuse it: an expression. */
  readonly isOdd: string
  /** The text: an expression. It is a string, or a value that becomes the right text as part of one. */
  readonly text: string
  /** Whether the text can be undefined, for a value that protobuf-es has to write or refuse. */
  readonly mayFail?: boolean
}

/** What the code of values is bound to. */
export interface ValueContext {
  readonly source: FunctionSource
  readonly enumAsInteger: boolean
  /** Returns the name of the constant that holds the writer of a type. */
  readonly writerOf: (desc: DescMessage) => string
}

/** Returns the code for the value of a field that is neither a list nor a map, or for an element of one. */
export function valueCode(field: DescField, context: ValueContext): ValueCode {
  const { source } = context
  if (field.enum !== undefined) return enumCode(field.enum, context)
  if (field.message === undefined) return scalarCode(field.scalar, source)
  if (isJson(field)) return { isOdd: 'false', text: `${source.bind(structText)}(v)`, mayFail: true }
  if (isUnwrapped(field)) return scalarCode(field.message.fields[0]?.scalar, source)
  // In a list or oneof, protobuf-es takes undefined for an empty message.
  return { isOdd: 'v === undefined', text: `${context.writerOf(field.message)}.write(v)` }
}

/** Returns the code for a scalar. */
export function scalarCode(scalar: ScalarType | undefined, source: FunctionSource): ValueCode {
  const quoted = `${source.bind(quote)}(v)`
  switch (scalar) {
    case ScalarType.STRING:
      return { isOdd: "typeof v !== 'string'", text: quoted }
    case ScalarType.BOOL:
      return { isOdd: "typeof v !== 'boolean'", text: 'v' }
    case ScalarType.BYTES:
      return { isOdd: '!(v instanceof Uint8Array)', text: `'"' + ${source.bind(base64Encode)}(v) + '"'` }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { isOdd: "typeof v !== 'number'", text: `(v - v === 0 ? v : '"' + v + '"')` }
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { isOdd: "typeof v !== 'number' || v !== (v | 0)", text: 'v' }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { isOdd: "typeof v !== 'number' || v !== v >>> 0", text: 'v' }
    default:
      return {
        isOdd: "typeof v !== 'bigint' && typeof v !== 'string'",
        text: `(typeof v === 'bigint' ? '"' + v + '"' : ${quoted})`,
      }
  }
}

function enumCode(desc: DescEnum, { source, enumAsInteger }: ValueContext): ValueCode {
  // JSON has no number for NaN and infinity, which are no numbers of an enum.
  const isOdd = "typeof v !== 'number' || v - v !== 0"
  if (desc.typeName === 'google.protobuf.NullValue') return { isOdd, text: "'null'" }
  if (enumAsInteger) return { isOdd, text: 'v' }
  const names = new Map(Object.values(desc.value).map(({ number, jsonName }) => [number, JSON.stringify(jsonName)]))
  // Unknown values are written as numbers.
  return { isOdd, text: `(${source.bind(names)}.get(v) ?? v)` }
}
