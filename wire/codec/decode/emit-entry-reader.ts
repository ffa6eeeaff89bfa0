/** Generates the code that reads the entries of one map field. */
import { ScalarType } from '@bufbuild/protobuf'
import { FunctionSource } from '../function-source.ts'
import { setEntry } from '../set-own.ts'
import { keyCharge } from './decode-meter.ts'
import { bindReader, childCode, scalarCode, tagCode } from './emit-value.ts'
import type { MapField, ReadEntry } from './entry-reader.ts'
import { zeroScalar } from './scalar-reader.ts'
import { checkTag, skip } from './skip-field.ts'
import type { FindReader } from './type-reader.ts'

/** Code for the value of an entry, which is in the variable `v`. */
interface EntryValueCode {
  /** The value at first. */
  readonly first: string
  readonly read: readonly string[]
  /** The lines after all fields of the entry. */
  readonly complete: readonly string[]
}

/** Compiles the function that reads the entries of a map field. */
export function emitEntryReader(field: MapField, find: FindReader): ReadEntry {
  const source = new FunctionSource()
  const names = bindReader(source)
  const key = scalarCode({ scalar: field.mapKey }, field, source)
  const { first, read, complete } = valueCode(field, source, find)
  const check = source.bind(checkTag)
  source.add(
    `const limit = ${names.reader}.limit`,
    `let n = 0, q = 0, k, v = ${first}`,
    'while (p < end) {',
    ...tagCode(names),
    `if ((tag & 7) > 5) ${check}(tag)`,
    'switch (tag >>> 3) {',
    ...['case 1:', ...key.before, `k = ${key.value}`, ...key.after, 'break'],
    ...['case 2:', ...read, 'break'],
    ...['default:', `${check}(tag)`, `p = ${source.bind(skip)}(b, p, tag, ${names.reader}.recursionLimit - d)`],
    '}',
    '}',
    ...complete,
    ...(find.charges ? [`${source.bind(keyCharge(field))}(k, d)`] : []),
    `${source.bind(setEntry)}(map, k === undefined ? ${source.bind(zeroScalar(field.mapKey))} : k, v)`,
    'return p',
  )
  return source.compile<ReadEntry>('map, b, p, end, d', `read_${field.parent.typeName}_${field.name}`)
}

function valueCode(field: MapField, source: FunctionSource, find: FindReader): EntryValueCode {
  if (field.mapKind === 'message') {
    const { open, read, close } = childCode(field, source, find)
    // A value that comes again is merged into the first. All of them are converted once, at the end.
    const openFirst = ['if (v === undefined) {', ...open, '}']
    return { first: 'undefined', read: [...openFirst, ...read], complete: [...openFirst, `v = ${close}`] }
  }
  const { before, value, after } = scalarCode(field, { utf8Validation: field.utf8Validation }, source)
  const read = [...before, `v = ${value}`, ...after]
  if (field.mapKind === 'enum') return { first: source.bind(field.enum.values[0]?.number), read, complete: [] }
  if (field.scalar !== ScalarType.BYTES) return { first: source.bind(zeroScalar(field.scalar)), read, complete: [] }
  return { first: 'undefined', read, complete: ['if (v === undefined) v = new Uint8Array(0)'] }
}
