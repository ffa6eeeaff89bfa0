/** Bytes that decode to far more memory than they take, as fields of `sample.Sample` and `sample.Old`. */

/** A field number and a wire type. */
function tag(number: number, wireType: number): number[] {
  return varint(number * 8 + wireType)
}

/** A varint of up to 32 bits. */
export function varint(value: number): number[] {
  const octets: number[] = []
  let rest = value
  while (rest > 0x7f) {
    octets.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...octets, rest]
}

/** A length-delimited field. */
export function field(number: number, content: ArrayLike<number>): Uint8Array {
  const head = [...tag(number, 2), ...varint(content.length)]
  const octets = Buffer.alloc(head.length + content.length)
  octets.set(head)
  octets.set(content, head.length)
  return octets
}

/** The same bytes repeated up to a length. */
export function repeat(octets: ArrayLike<number>, length: number): Uint8Array {
  return Buffer.alloc(Math.floor(length / octets.length) * octets.length, Uint8Array.from(octets))
}

const key = (number: number): number[] => [...tag(1, 0), ...varint(number)]

/** Each makes a message of about this many bytes. */
export const SAMPLE_BOMBS: Readonly<Record<string, (length: number) => Uint8Array>> = Object.freeze({
  'unknown varints': (length) => repeat([...tag(25, 0), 0], length),
  'unknown empty strings': (length) => repeat([...tag(25, 2), 0], length),
  'unknown groups': (length) => repeat([...tag(25, 3), ...tag(25, 4)], length),
  'unknown groups with fields in them': (length) => repeat([...tag(25, 3), ...tag(1, 0), 1, ...tag(25, 4)], length),
  'known empty messages': (length) => repeat([...tag(2, 2), 0], length),
  'messages of a type with many fields': (length) => repeat([...tag(3, 2), 0], length),
  'messages with an unknown field each': (length) => repeat(field(2, [0x78, 0]), length),
  'messages with a map of one high key each': (length) => repeat(field(12, field(4, key(1_000))), length),
  'messages with a map of one high key in digits each': (length) =>
    repeat(field(12, field(5, field(1, Buffer.from('1000')))), length),
  'messages with a list of one element each': (length) => repeat(field(12, field(8, [1])), length),
  'entries of a map': (length) => numbered(length, (number) => field(4, key(number * 5_003))),
  'entries of a map by name': (length) =>
    numbered(length, (number) => field(5, field(1, Buffer.from(number.toString(36))))),
  'entries of a map of messages': (length) =>
    numbered(length, (number) => field(17, field(1, Buffer.from(number.toString(36))))),
  'empty strings': (length) => repeat([...tag(6, 2), 0], length),
  'empty bytes': (length) => repeat([...tag(7, 2), 0], length),
  'packed 64-bit integers': (length) => field(9, repeat([1], length)),
  '64-bit integers one by one': (length) => repeat([...tag(9, 0), 1], length),
  'values of JSON': (length) => repeat(field(18, field(6, [])), length),
  'a JSON object that comes again and again': (length) =>
    Buffer.concat([jsonObject(length / 8), repeat([...tag(10, 2), 0], length / 2)]),
  'a JSON object in a message that comes again and again': (length) =>
    Buffer.concat([field(11, jsonObject(length / 8)), repeat(field(11, [...tag(10, 2), 0]), length / 2)]),
  'a detail of an unknown type again and again': (length) => repeat(field(19, []), length),
})

/** Each returns a message of about the given size in octets. */
export const OLD_BOMBS: Readonly<Record<string, (length: number) => Uint8Array>> = Object.freeze({
  'unknown values of an enum': (length) => repeat([...tag(1, 0), 7], length),
  'known groups': (length) => repeat([...tag(2, 3), ...tag(2, 4)], length),
  'groups in groups': (length) => repeat([...tag(2, 3), ...tag(1, 3), ...tag(1, 4), ...tag(2, 4)], length),
  'messages that one field more makes large': (length) => repeat(field(30, wide()), length),
})

/** Parts that differ by a number, up to a length. */
function numbered(length: number, make: (number: number) => Uint8Array): Uint8Array {
  const octets = Buffer.alloc(Math.floor(length))
  let size = 0
  for (let number = 1; ; number += 1) {
    const part = make(number)
    if (size + part.byteLength > octets.byteLength) return octets.subarray(0, size)
    octets.set(part, size)
    size += part.byteLength
  }
}

function jsonObject(length: number): Uint8Array {
  return field(
    10,
    numbered(length, (number) => field(1, field(1, Buffer.from(number.toString(36))))),
  )
}

/** Sixteen properties that a proto2 message does not have initially. */
function wide(): Uint8Array {
  return Buffer.concat(Array.from({ length: 16 }, (_, index) => field(index + 3, [])))
}
