/** Octets that decoders accept, and octets that they refuse, for the types of `codec-types.ts`. */
import { WireType } from '../../wire/decode-budget/wire-type.ts'
import { field, varint } from './decode-bombs.ts'

const { VARINT, FIXED64, LENGTH, START_GROUP: START, END_GROUP: END, FIXED32 } = WireType

/** Octets written as numbers, texts and fields. */
type Part = number | string | ArrayLike<number>

/** Joins parts. */
export function octets(...parts: Part[]): Buffer {
  const buffers = parts.map((part) =>
    typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part) : Buffer.from(part),
  )
  return Buffer.concat(buffers)
}

/** The tag of a field. */
export const tag = (number: number, wireType: number = VARINT): number[] => varint(number * 8 + wireType)
/** A field with a text. */
export const text = (number: number, value: string): Uint8Array => field(number, Buffer.from(value))
/** A field with a group. */
export const group = (number: number, ...parts: Part[]): Buffer =>
  octets(tag(number, START), ...parts, tag(number, END))
/** A field with a message. */
export const within = (number: number, ...parts: Part[]): Uint8Array => field(number, octets(...parts))

const longest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]
const overlong = [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]

/** Messages nested in each other by a field. */
export const deep = (levels: number, number: number): Buffer => {
  let message: Uint8Array = octets()
  for (let level = 0; level < levels; level += 1) message = field(number, message)
  return Buffer.from(message)
}

/** Groups nested in each other. */
export const deepGroups = (levels: number, number: number): Buffer =>
  octets(...Array(levels).fill(tag(number, START)), ...Array(levels).fill(tag(number, END)))

const varint64 = (value: bigint): number[] => {
  const rest: number[] = []
  let left = BigInt.asUintN(64, value)
  for (; left > 0x7fn; left >>= 7n) rest.push(Number(left & 0x7fn) | 0x80)
  return [...rest, Number(left)]
}
const entry = (number: number, key: string, ...value: Part[]): Uint8Array => within(number, text(1, key), ...value)
const deepEntries = (levels: number): Uint8Array => {
  let message: Uint8Array = octets()
  for (let level = 0; level < levels; level += 1) message = entry(4, 'k', field(2, message))
  return message
}

/** An entry of a struct: a name and a number. */
export const struct = (name: string, value: number): Uint8Array => {
  const double = Buffer.alloc(8)
  double.writeDoubleLE(value)
  return entry(1, name, within(2, tag(2, FIXED64), double))
}

/** A key of each type that keys can have, by the number of a map in `codec.Maps`: a wire type, and the octets after it. */
const KEYS: readonly (readonly [number, readonly [number, ...Part[]]])[] = [
  [1, [0, varint64(-7n)]],
  [2, [0, varint64(-(2n ** 63n))]],
  [3, [0, varint(2 ** 32 - 1)]],
  [4, [0, varint64(2n ** 64n - 1n)]],
  [5, [0, varint(13)]],
  [6, [0, varint64(2n ** 64n - 1n)]],
  [7, [5, Buffer.alloc(4, 0xfe)]],
  [8, [1, Buffer.alloc(8, 0xfe)]],
  [9, [5, Buffer.alloc(4, 0xfe)]],
  [10, [1, Buffer.alloc(8, 0xfe)]],
  [11, [0, 1]],
  [12, [2, 3, 'key']],
]

/** Packed lists of all scalars but strings and bytes, two elements each. */
function packedLists(offset: number): Buffer {
  const fixed = [8, 4, 0, 0, 0, 0, 0, 0, 4, 8, 4, 8, 0]
  return octets(
    ...fixed.map((width, index) =>
      field(offset + index + 1, width > 0 ? Buffer.alloc(2 * width, 0xc1) : octets(longest, 5)),
    ),
  )
}

type Cases = readonly (readonly [behaviour: string, type: string, octets: Buffer])[]

/** What protobuf-es decodes. */
export const ACCEPTED: Cases = [
  ['an empty message', 'Singular', octets()],
  ['scalars of every type', 'Singular', everyScalar(0)],
  ['scalars that track presence', 'Optional', everyScalar(0)],
  ['scalars of proto2', 'old.Old', everyScalar(0)],
  ['the last of several values', 'Singular', octets(tag(3), 1, tag(3), 2, text(14, 'a'), text(14, 'b'))],
  ['zero values of fields that track presence', 'old.Old', octets(tag(3), 0, text(14, ''), tag(13), 0)],
  ['varints of ten octets', 'Singular', octets(tag(3), longest, tag(4), longest, tag(5), longest, tag(6), longest)],
  ['zigzag varints of ten octets', 'Singular', octets(tag(7), longest, tag(8), longest)],
  ['overlong varints', 'Singular', octets(tag(3), overlong, tag(4), overlong, tag(13), overlong)],
  ['a truth value in the upper half of a varint', 'Singular', octets(tag(13), [0x80, 0x80, 0x80, 0x80, 0x80, 1])],
  ['an overlong tag', 'Singular', octets([0x98, 0x80, 0x80, 0x80, 0], 7)],
  ['the highest field number', 'Singular', octets(text(536_870_911, 'far'))],
  ['negative numbers', 'Singular', octets(tag(3), varint64(-5n), tag(4), varint64(-5n), tag(16), varint64(-1n))],
  ['64-bit integers as texts', 'Singular', octets(tag(19), varint64(-5n))],
  ['64-bit integers as texts, with a default', 'edition.Mixed', octets(tag(10), varint64(2n ** 62n))],
  [
    'a known field with another wire type',
    'Singular',
    octets(tag(3, FIXED32), 7, tag(14, VARINT), 1, 'a', tag(1, LENGTH), Buffer.alloc(8)),
  ],
  ['a known field with the wire type of a group end', 'Singular', octets(tag(3, END), 7)],
  ['open enums with unknown values', 'Singular', octets(tag(16), 99)],
  ['closed enums', 'old.Old', octets(tag(16), 3, tag(17), 7)],
  ['unknown values of closed enums', 'old.Old', octets(tag(16), 4, tag(17), varint64(-1n), tag(16, FIXED32), 5)],
  [
    'unknown values of closed enums, and unknown fields after them',
    'old.Old',
    octets(tag(16), 4, tag(99), 1, tag(16), 5),
  ],
  ['unknown values of closed enums in lists', 'edition.Mixed', octets(field(8, [1, 9]), tag(8), 9)],
  ['packed lists', 'Lists', packedLists(0)],
  ['packed lists of fields declared as expanded', 'Lists', packedLists(20)],
  ['expanded lists', 'Lists', octets(everyScalar(0), everyScalar(0))],
  ['expanded lists of fields declared as expanded', 'Lists', everyScalar(20).subarray(0, -12)],
  ['lists that are packed in parts', 'Lists', octets(field(3, [1, 2]), tag(3), 3, field(3, [4]))],
  ['an empty packed list', 'Lists', octets(field(3, []))],
  ['a packed list whose last element passes its end', 'Lists', octets(tag(3, LENGTH), 1, 0x81, 0x01)],
  ['lists of messages', 'Lists', octets(within(41, tag(3), 1), within(41), within(41, within(41)))],
  ['a message', 'Singular', octets(within(17, text(14, 'inner')), within(18, tag(1), 5, tag(2), 6))],
  ['messages in the order in which they arrive', 'Singular', octets(within(18), within(17))],
  ['a message that comes again is merged', 'Singular', octets(within(18, tag(1), 5), within(18, tag(2), 6))],
  ['a merged message keeps its unknown fields', 'Singular', octets(within(17, tag(99), 5), within(17, tag(98), 6))],
  ['a message whose last field passes its end', 'Singular', octets(tag(17, LENGTH), 1, tag(3), 7, tag(3), 8)],
  [
    'a message whose string passes its end',
    'Singular',
    octets(tag(17, LENGTH), 3, tag(14, LENGTH), 3, 'abc', tag(3), 8),
  ],
  [
    'recursive types',
    'Tree',
    octets(within(2, within(3, text(1, 'x'), within(5, within(2))), within(4, text(1, 'k')))),
  ],
  ['oneofs: the last case stays', 'Oneof', octets(tag(3), 1, text(14, 'a'), tag(13), 1)],
  ['oneofs: a message is merged into the same case', 'Oneof', octets(within(17, tag(3), 1), within(17, tag(20), 2))],
  [
    'oneofs: a message replaces another case',
    'Oneof',
    octets(within(17, tag(20), 1), tag(3), 1, within(17, tag(100), 2)),
  ],
  ['oneofs: a struct and a wrapper', 'Oneof', octets(within(18, struct('a', 1)), within(19, field(1, [1, 2])))],
  ['oneofs: a struct is merged', 'Oneof', octets(within(18, struct('a', 1)), within(18, struct('b', 2)))],
  ['oneofs: two in one message', 'Oneof', octets(text(101, 'l'), text(7_000, 'r'), tag(16), 1)],
  [
    'maps by every type of key',
    'Maps',
    octets(...KEYS.map(([number, [wireType, ...key]]) => within(number, tag(1, wireType), ...key, text(2, 'v')))),
  ],
  [
    'map entries without a key or a value',
    'Maps',
    octets(
      ...Array.from({ length: 12 }, (_, index) => within(index + 1)),
      ...Array.from({ length: 15 }, (_, index) => within(index + 21)),
      within(40),
      within(41),
      within(42),
      within(43),
    ),
  ],
  ['map entries with the value first', 'Maps', octets(within(12, text(2, 'v'), text(1, 'k')))],
  ['a key that comes again', 'Maps', octets(entry(12, 'k', text(2, 'a')), entry(12, 'k', text(2, 'b')))],
  [
    'the last key and value of an entry',
    'Maps',
    octets(within(12, text(1, 'a'), text(1, 'b'), text(2, 'c'), text(2, 'd'))),
  ],
  [
    'a message that comes again in an entry is merged',
    'Maps',
    octets(entry(41, 'k', within(2, entry(12, 'a', text(2, 'b'))), within(2, entry(12, 'c', text(2, 'd'))))),
  ],
  [
    'a struct that comes again in an entry is merged',
    'Maps',
    octets(within(42, tag(1), 5, within(2, struct('a', 1)), within(2, struct('b', 2)))),
  ],
  [
    'unknown fields of an entry are dropped',
    'Maps',
    octets(entry(12, 'k', text(2, 'v'), tag(3), 5, group(9, tag(1), 1))),
  ],
  ['a key and a value with other wire types', 'Maps', octets(within(1, tag(1, FIXED64), 5, tag(2, VARINT), 1, 'v'))],
  ['an entry whose value passes its end', 'Maps', octets(tag(12, LENGTH), 2, text(2, 'abc'), text(99, ''))],
  [
    'the key __proto__',
    'Maps',
    octets(
      entry(12, '__proto__', text(2, 'v')),
      entry(41, '__proto__', within(2)),
      entry(12, 'constructor', text(2, 'v')),
    ),
  ],
  [
    'keys that are indexes, out of order',
    'Maps',
    octets(entry(12, '7', text(2, 'a')), entry(12, '3', text(2, 'b')), within(1, tag(1), varint64(-1n))),
  ],
  ['closed enums in maps with unknown values', 'old.Old', octets(entry(25, 'k', tag(2), 9), entry(25, 'z'))],
  [
    'structs in maps and wrappers in maps',
    'Maps',
    octets(within(42, tag(1), 5, within(2, struct('a', 1))), within(43, tag(1), 6, within(2, text(1, 'w')))),
  ],
  [
    'wrappers as their values',
    'Known',
    octets(within(5, tag(1), 7), within(8, text(1, 'w')), within(9, field(1, [1])), within(3, tag(1), varint64(-1n))),
  ],
  [
    'empty wrappers',
    'Known',
    octets(
      ...Array.from({ length: 9 }, (_, index) => within(index + 1)),
      ...Array.from({ length: 9 }, (_, index) => within(index + 11)),
    ),
  ],
  [
    'a wrapper that comes again keeps its value',
    'Known',
    octets(within(5, tag(1), 7), within(5), within(8, text(1, 'w')), within(8, tag(3), 1)),
  ],
  [
    'structs as JSON objects',
    'Known',
    octets(
      within(
        30,
        struct('n', 1.5),
        struct('__proto__', 2),
        within(1, text(1, 'l'), within(2, within(6, within(1, text(3, 's')), within(1, tag(1), 0), within(1)))),
        within(1, text(1, 'o'), within(2, within(5, struct('i', 3)))),
      ),
    ),
  ],
  [
    'a struct that comes again is merged',
    'Known',
    octets(within(30, struct('b', 1), struct('a', 1)), within(30, struct('a', 2), struct('c', 3)), within(30)),
  ],
  [
    'lists of structs, values and lists of JSON',
    'Known',
    octets(
      within(31, struct('a', 1)),
      within(32, within(5, struct('a', 1))),
      within(33, within(1, tag(4), 1)),
      tag(34),
      0,
    ),
  ],
  ['groups', 'old.Old', octets(group(23, text(1, 'first'), within(2, tag(3), 1)), group(24, tag(1), 1), group(24))],
  [
    'a group that comes again is merged',
    'old.Old',
    octets(group(23, text(1, 'a')), group(23, within(2, tag(3), 1), tag(99), 1)),
  ],
  ['groups in groups', 'sample.Old', octets(group(2, group(1, group(1)), group(1)))],
  [
    'delimited messages of editions',
    'edition.Mixed',
    octets(group(4, tag(1), 1, group(4, tag(2), 2)), group(5, tag(6), 3), group(7, text(1, 'w'))),
  ],
  ['a delimited field with the wire type of a length', 'edition.Mixed', octets(tag(4, LENGTH), tag(1), 1, tag(4, END))],
  ['a field with a length and the wire type of a group', 'Singular', octets(tag(17, START), 2, tag(3), 7)],
  ['extensions as unknown fields', 'old.Old', octets(text(100, 'x'), tag(101), 5)],
  [
    'unknown fields of every wire type, in order',
    'Empty',
    octets(
      tag(9),
      longest,
      tag(8, FIXED64),
      Buffer.alloc(8, 1),
      text(7, 'data'),
      group(6, tag(1), 1, group(2), text(3, 'x')),
      tag(5, FIXED32),
      Buffer.alloc(4, 2),
      tag(9),
      1,
    ),
  ],
  ['an unknown varint of more than ten octets', 'Empty', octets(tag(9), Buffer.alloc(14, 0x80), 0)],
  ['unknown fields longer than 64 octets', 'Empty', octets(field(7, Buffer.alloc(100, 1)))],
  ['nesting up to the limit', 'Tree', deep(99, 2)],
  ['unknown groups up to the limit', 'Empty', deepGroups(99, 9)],
  [
    'strings of ASCII, of every length up to 70',
    'Lists',
    octets(...Array.from({ length: 70 }, (_, length) => text(14, 'abcdefghij'.repeat(7).slice(0, length)))),
  ],
  [
    'strings of other characters, of every length',
    'Lists',
    octets(...Array.from({ length: 30 }, (_, length) => text(14, `${'x'.repeat(length)}é€😀`))),
  ],
  ['U+FEFF and U+FFFD as text', 'Singular', octets(text(14, '\ufeffa\ufffd'))],
  ['invalid UTF-8 in proto2 is replaced', 'old.Old', octets(field(14, [0xff, 0x41, 0xe2, 0x82]))],
  [
    'truncated sequences in long texts of proto2 are replaced',
    'old.Old',
    octets(field(14, [...Buffer.alloc(60, 65), 0xf0, 0x9f, 0x98, 0x41, 0xed, 0xa0, 0x80, 0xc0, 0x80])),
  ],
  [
    'types with more fields than generated code is used for',
    'Wide',
    octets(tag(2), 5, text(1, 'a'), text(259, 'z'), tag(260), 7, text(300, 'u')),
  ],
]

/** What it refuses. */
export const REFUSED: Cases = [
  ['field number 0', 'Singular', octets(0, 0)],
  ['field number 0 in an entry', 'Maps', octets(within(12, 2, 0))],
  ['wire type 6', 'Singular', octets(tag(3, 6), 0)],
  ['wire type 7 of an unknown field', 'Singular', octets(tag(99, 7), 0)],
  ['wire type 6 in an entry', 'Maps', octets(within(12, tag(1, 6), 0))],
  ['a tag of more than 32 bits', 'Singular', octets([0x98, 0x80, 0x80, 0x80, 0x10], 7)],
  ['a tag of more than five octets', 'Singular', octets([0x98, 0x80, 0x80, 0x80, 0x80, 0], 7)],
  ['a varint of more than ten octets', 'Singular', octets(tag(3), Buffer.alloc(10, 0x80), 0)],
  ['a 64-bit varint of more than ten octets', 'Singular', octets(tag(4), Buffer.alloc(10, 0x80), 0)],
  ['a truth value of more than ten octets', 'Singular', octets(tag(13), Buffer.alloc(10, 0x80), 0)],
  ['a message that ends after a tag', 'Singular', octets(tag(3))],
  ['a message that ends within a tag', 'Singular', octets(0x80)],
  ['a message that ends within a varint', 'Singular', octets(tag(4), 0x80)],
  ['a message that ends within a double', 'Singular', octets(tag(1, FIXED64), Buffer.alloc(7))],
  ['a message that ends within a float', 'Singular', octets(tag(2, FIXED32), Buffer.alloc(3))],
  ['a message that ends within a fixed64', 'Singular', octets(tag(10, FIXED64), Buffer.alloc(7))],
  ['a message that ends within a string', 'Singular', octets(tag(14, LENGTH), 3, 'ab')],
  ['a message that ends within bytes', 'Singular', octets(tag(15, LENGTH), 3, 'ab')],
  ['a message that ends within a message', 'Singular', octets(tag(17, LENGTH), 3, tag(3), 1)],
  ['a message that ends within an entry', 'Maps', octets(tag(12, LENGTH), 3, tag(3), 1)],
  ['a message that ends within a packed list', 'Lists', octets(tag(3, LENGTH), 3, 1, 1)],
  ['a message that ends within a packed list of doubles', 'Lists', octets(tag(1, LENGTH), 8, Buffer.alloc(7))],
  ['a message that ends within an unknown field', 'Empty', octets(tag(3, LENGTH), 3, 1, 1)],
  ['a message that ends within an unknown varint', 'Empty', octets(tag(3), 0x80)],
  ['a message that ends within a group', 'old.Old', octets(tag(23, START), text(1, 'a'))],
  ['a message that ends within an unknown group', 'Empty', octets(tag(23, START), text(1, 'a'))],
  ['a length of four GiB', 'Singular', octets(tag(14, LENGTH), [0xff, 0xff, 0xff, 0xff, 0x0f], 'ab')],
  ['a group that ends with another number', 'old.Old', octets(tag(23, START), tag(24, END))],
  ['an unknown group that ends with another number', 'Empty', octets(tag(23, START), tag(24, END))],
  ['the end of a group that has no start', 'Empty', octets(tag(23, END))],
  ['nesting above the limit', 'Tree', deep(100, 2)],
  ['nesting above the limit in lists', 'Tree', deep(100, 3)],
  ['nesting above the limit in maps', 'Tree', octets(...[deepEntries(100)])],
  ['groups above the limit', 'sample.Old', octets(tag(2, START), deepGroups(99, 1), tag(2, END))],
  ['unknown groups above the limit', 'Empty', deepGroups(100, 9)],
  ['unknown groups above the limit in a message', 'Tree', octets(within(2, deepGroups(99, 9)))],
  ['invalid UTF-8 in proto3', 'Singular', octets(field(14, [0xff]))],
  ['invalid UTF-8 in a long text', 'Singular', octets(field(14, [...Buffer.alloc(60, 65), 0xe2, 0x82]))],
  ['invalid UTF-8 in a key', 'Maps', octets(within(12, field(1, [0xff])))],
  ['invalid UTF-8 in a value', 'Maps', octets(within(12, field(2, [0xc0, 0x80])))],
]

/** Fifteen fields, one of each scalar type in the order of the types, and an enum. */
export function everyScalar(offset: number): Buffer {
  const double = Buffer.alloc(8)
  double.writeDoubleLE(-1.25)
  const float = Buffer.alloc(4)
  float.writeFloatLE(0.1)
  const values: [number, ...Part[]][] = [
    [FIXED64, double],
    [FIXED32, float],
    [VARINT, varint64(-300n)],
    [VARINT, varint64(-(2n ** 63n))],
    [VARINT, varint(2 ** 32 - 1)],
    [VARINT, varint64(2n ** 64n - 1n)],
    [VARINT, varint(301)],
    [VARINT, varint64(2n ** 60n + 1n)],
    [FIXED32, Buffer.alloc(4, 0xfe)],
    [FIXED64, Buffer.alloc(8, 0xfe)],
    [FIXED32, Buffer.alloc(4, 0xfe)],
    [FIXED64, Buffer.alloc(8, 0xfe)],
    [VARINT, 1],
    [LENGTH, 3, 'abc'],
    [LENGTH, 3, 1, 2, 3],
  ]
  return octets(...values.map(([wireType, ...parts], index) => octets(tag(offset + index + 1, wireType), ...parts)))
}
