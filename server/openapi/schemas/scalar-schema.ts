/** The JSON of scalar values (https://protobuf.dev/programming-guides/json). */
import { ScalarType } from '@bufbuild/protobuf'
import type { Schema } from '../model/document.ts'

const MAX_FLOAT = 3.4028234663852886e38

/** The numbers that JSON has no literals for. */
const NOT_FINITE: Schema = { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }

const INT32: Schema = { type: 'integer', format: 'int32', minimum: -2_147_483_648, maximum: 2_147_483_647 }
const UINT32: Schema = { type: 'integer', format: 'uint32', minimum: 0, maximum: 4_294_967_295 }
const INT64: Schema = { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,19}$' }
const UINT64: Schema = { type: 'string', format: 'uint64', pattern: '^[0-9]{1,20}$' }

/** A 64-bit integer is a string, as JavaScript rounds numbers of that size. */
const SCHEMAS: Readonly<Record<ScalarType, Schema>> = {
  [ScalarType.DOUBLE]: { anyOf: [{ type: 'number', format: 'double' }, NOT_FINITE] },
  [ScalarType.FLOAT]: {
    anyOf: [{ type: 'number', format: 'float', minimum: -MAX_FLOAT, maximum: MAX_FLOAT }, NOT_FINITE],
  },
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.STRING]: { type: 'string' },
  // `byte` is for tools that do not know contentEncoding of JSON Schema 2020-12.
  [ScalarType.BYTES]: { type: 'string', format: 'byte', contentEncoding: 'base64' },
}

/** Returns the schema of a scalar. */
export function scalarSchema(scalar: ScalarType): Schema {
  return SCHEMAS[scalar]
}

/** Returns the schema of the keys of a map, which are strings in JSON; undefined if any string is a key. */
export function mapKeySchema(key: ScalarType): Schema | undefined {
  switch (key) {
    case ScalarType.STRING:
      return undefined
    case ScalarType.BOOL:
      return { type: 'string', enum: ['true', 'false'] }
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'string', pattern: '^[0-9]{1,10}$' }
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'string', pattern: '^-?[0-9]{1,10}$' }
    default:
      return { type: 'string', pattern: SCHEMAS[key].pattern ?? '' }
  }
}

/** Whether a schema is one of the two of integers with 64 bits. */
export function isLongInteger({ format }: Schema): boolean {
  return format === 'int64' || format === 'uint64'
}
