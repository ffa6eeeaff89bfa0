/** Turns random numbers into HPACK blocks that are valid for a given table, for property tests. */

import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import {
  INDEXED,
  INSERTED,
  NEVER_INDEXED,
  NOT_INDEXED,
  type Prefix,
  TABLE_SIZE_UPDATE,
  writeInteger,
} from '../../../../../wire/http2/hpack/representation.ts'
import { writePlainString, writeShortestString } from '../../../../../wire/http2/hpack/string-literal.ts'

/** The paths that the tests register. */
export const PATHS = ['/a.v1.A/Get', '/a.v1.A/Put', '/greeter.v1.GreeterService/SayHello']

const NAMES = ['a', 'b', 'x-custom', 'grpc-timeout', 'content-type']
const VALUES = ['', '1', '2', 'application/grpc', '99999u', 'v'.repeat(40), ...PATHS]
const PATH_INDEX = 4
const STATIC_LENGTH = 61

/** Random numbers and the table that the block is written for. */
export interface ScriptContext {
  /** The next number from 0 to below `bound`. */
  next(bound: number): number
  /** Entries in the dynamic table before the block. */
  tableLength: number
  /** Largest value of a table size update. */
  maxTableSize: number
}

/** A block of up to five fields, now and then with table size updates in front. Insertions in it may shift its own indexes. */
export function writeBlock(context: ScriptContext): Buffer {
  const cursor = new Cursor()
  cursor.point(Buffer.alloc(1000), 0, 1000)
  if (context.next(40) === 0) writeInteger(cursor, TABLE_SIZE_UPDATE, context.next(context.maxTableSize + 1))
  if (context.next(60) === 0) writeInteger(cursor, TABLE_SIZE_UPDATE, context.maxTableSize)
  const mayInsert = context.next(4) === 0
  const count = 1 + context.next(5)
  for (let i = 0; i < count; i++) writeField(cursor, context, mayInsert)
  return cursor.bytes.subarray(0, cursor.position)
}

function writeField(cursor: Cursor, context: ScriptContext, mayInsert: boolean): void {
  if (context.next(3) > 0) {
    writeInteger(cursor, INDEXED, someIndex(context))
    return
  }
  const index = nameIndex(context)
  writeInteger(cursor, literalKind(context, mayInsert), index)
  if (index === 0) writeString(cursor, context, NAMES)
  writeString(cursor, context, VALUES)
}

function literalKind(context: ScriptContext, mayInsert: boolean): Prefix {
  if (mayInsert && context.next(2) === 0) return INSERTED
  return context.next(12) === 0 ? NEVER_INDEXED : NOT_INDEXED
}

function nameIndex(context: ScriptContext): number {
  return [0, PATH_INDEX, PATH_INDEX, someIndex(context)][context.next(4)] ?? 0
}

function someIndex({ next, tableLength }: ScriptContext): number {
  if (tableLength === 0 || next(2) === 0) return 1 + next(STATIC_LENGTH)
  return STATIC_LENGTH + 1 + next(Math.min(tableLength, 8))
}

function writeString(cursor: Cursor, { next }: ScriptContext, texts: readonly string[]): void {
  const text = texts[next(texts.length)] ?? ''
  if (next(2) === 0) writePlainString(cursor, text)
  else writeShortestString(cursor, text)
}
