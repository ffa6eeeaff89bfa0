import { create, type JsonValue, type Message } from '@bufbuild/protobuf'
import { type StringValue, StringValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonStreamReader } from '../../../../../../../server/rpc/protocols/rest/streams/json-stream-reader.ts'
import type { MessageDecoder } from '../../../../../../../wire/envelope-reader.ts'
import { ChunkedSource } from '../../../../../../support/chunked-source.ts'

interface Reading {
  readonly values: JsonValue[]
  readonly bound: number[]
  readonly error: ConnectError | null
}

interface Settings {
  readonly isLines?: boolean
  readonly maxBytes?: number
  readonly decoder?: MessageDecoder<Message>
}

const VALUES: JsonValue[] = [{ name: 'a "b" \\ \n ] }', list: [1, [2, {}]] }, 'te{x[t', -1.5e3, true, null, [], {}]

describe('T4 messages are read whatever the chunks are', () => {
  const anyValues = fc.array(
    fc.json({ maxDepth: 3 }).map((json): JsonValue => JSON.parse(json)),
    { maxLength: 6 },
  )
  const anySpace = fc.stringMatching(/^[ \t\r\n]{1,3}$/)

  test.each([
    ['values', ''],
    ['an array', '['],
  ])('%s', (_form, open) => {
    fc.assert(
      fc.property(anyValues, anySpace, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (values, space, sizes) => {
        // Values that are themselves arrays can only be elements of the outer one.
        const own = open === '' && Array.isArray(values[0]) ? [null, ...values] : values
        const text = open === '' ? joined(own, space) : `${space}[${space}${joined(own, `${space},`)}]${space}`
        expect(read({ chunks: cut(text, sizes) })).toEqual({
          values: own,
          bound: own.length === 0 ? [] : [1],
          error: null,
        })
      }),
      { numRuns: 50 },
    )
  })

  test('one octet per chunk, and all in one', () => {
    for (const text of [
      joined(VALUES, '\n'),
      JSON.stringify(VALUES),
      VALUES.map((value) => `${JSON.stringify(value)}\r\n`).join(''),
    ]) {
      expect(read({ chunks: octets(text) }).values).toEqual(VALUES)
      expect(read({ chunks: [Buffer.from(text)] }).values).toEqual(VALUES)
    }
  })

  test('any octets are read, or refused, as if they had come in one chunk', () => {
    const piece = fc.constantFrom(...'[]{},:"\\ \n\r0a\0', 'true', '-1.5', '"x"', '{"a":[1]}', '\u{e9}', '\ufeff')
    const anyText = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(anyText, fc.boolean(), fc.integer({ min: 1, max: 20 }), (text, isLines, maxBytes) => {
        const whole = read({ chunks: [Buffer.from(text)], isLines, maxBytes })
        expect(read({ chunks: octets(text), isLines, maxBytes })).toEqual(whole)
        expect([undefined, Code.InvalidArgument, Code.ResourceExhausted]).toContain(whole.error?.code)
      }),
      { numRuns: 300 },
    )
  })

  test('white space is not needed where values end by themselves', () => {
    expect(read({ chunks: octets('{"a":1}{"b":2}"c""d"{}1') }).values).toEqual([{ a: 1 }, { b: 2 }, 'c', 'd', {}, 1])
  })
})

test.each(['', ' ', '\n\r\t \n', '[]', ' [ ] '])('T4 the body %j has no messages', (text) => {
  expect(read({ chunks: octets(text) })).toEqual({ values: [], bound: [], error: null })
})

test('T4 in NDJSON an array is a message', () => {
  expect(read({ chunks: octets('[1]\n[2,3]\n'), isLines: true }).values).toEqual([[1], [2, 3]])
})

/** Each body, how many messages are read before the error, and the error. */
const FAULTS: readonly (readonly [body: string, read: number, message: string])[] = [
  ['{"a":1', 0, 'message 1: the body ends within the message'],
  ['{"a":1}\n"b', 1, 'message 2: the body ends within the message'],
  ['[{"a":1}', 1, 'the body ends within the JSON array'],
  ['[', 0, 'the body ends within the JSON array'],
  ['[1,', 1, 'the body ends within the JSON array'],
  ['[1, 2', 1, 'message 2: the body ends within the message'],
  ['[,1]', 0, 'message 1: unexpected ",", needs a JSON value'],
  ['[1,]', 1, 'message 2: unexpected "]", needs a JSON value'],
  ['[1,,2]', 1, 'message 2: unexpected ",", needs a JSON value'],
  ['[1 2]', 1, 'message 2: unexpected "2", needs "," or "]"'],
  ['[1}', 1, 'message 2: unexpected "}", needs "," or "]"'],
  ['[1] 2', 1, 'unexpected "2" after the JSON array'],
  ['[1],', 1, 'unexpected "," after the JSON array'],
  ['1,2', 1, 'message 2: unexpected ",", needs a JSON value'],
  [']', 0, 'message 1: unexpected "]", needs a JSON value'],
  ['{}}', 1, 'message 2: unexpected "}", needs a JSON value'],
  ['\u{feff}{}', 0, 'message 1: unexpected octet 0xef, needs a JSON value'],
  ['{}\0{}', 1, 'message 2: unexpected octet 0x0, needs a JSON value'],
  ['{"a":"\n"}', 0, 'message 1: a control character in a string, such as a line break, must be escaped'],
  // The parser finds what the scan does not look at.
  ['{} {]', 1, 'message 2: parse JSON'],
  ['{} nope', 1, 'message 2: parse JSON'],
]

test.each(FAULTS)('T4 the body %j fails after %d messages: %s', (body, count, message) => {
  for (const chunks of [octets(body), [Buffer.from(body)]]) {
    const { values, error } = read({ chunks })
    expect(values).toHaveLength(count)
    expect(error?.rawMessage).toBe(message)
    expect(error?.code).toBe(Code.InvalidArgument)
  }
})

test('T4 a line of NDJSON that ends within a message is an error before the rest arrives', () => {
  const source = new ChunkedSource(octets('{"a":1}\n{"b":\n'), { isOpen: true })
  const reader = readerOf(source, { isLines: true }, [])
  while (source.hasMore) source.arrive()
  expect(reader.poll()).toBe(true)
  reader.take()
  expect(() => reader.poll()).toThrow('message 2: the line ends within the message')
})

describe('limits', () => {
  test.each(['{"a":"xxxxxxxxxx"}', '"xxxxxxxxxxxxxxxx"', '123456789012345678', `[${' '.repeat(20)}]`])(
    'a message above the limit is refused, one at the limit is not: %s',
    (json) => {
      for (const chunks of [octets(`1\n${json}\n`), [Buffer.from(`[1,${json}]`)]]) {
        expect(read({ chunks, maxBytes: json.length }).error).toBeNull()
        const { error, values } = read({ chunks, maxBytes: json.length - 1 })
        expect(values).toEqual([1])
        expect(error?.code).toBe(Code.ResourceExhausted)
        expect(error?.rawMessage).toMatch(/^message 2: message of \d+ bytes exceeds readMaxBytes \d+$/)
      }
    },
  )

  test('white space and a long stream do not count towards it', () => {
    const chunks = [Buffer.from(`[${' '.repeat(500)}1,2,3,4,5,6,7,8,9${'\n'.repeat(500)}]`)]
    expect(read({ chunks, maxBytes: 4 })).toMatchObject({ error: null, values: [1, 2, 3, 4, 5, 6, 7, 8, 9] })
  })

  test('no more is buffered than the limit, however long the message', () => {
    const source = new ChunkedSource(octets(`"${'x'.repeat(5_000)}"`))
    const reader = readerOf(source, { maxBytes: 100 }, [])
    expect(() => drain(reader, source, [])).toThrow('exceeds readMaxBytes 100')
    expect(source.readableBytes).toBe(101)
  })

  test.each([
    ['a string', JSON.stringify('x'.repeat(200_000))],
    ['escapes', JSON.stringify('"\\'.repeat(50_000))],
    ['nesting', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['many messages', '{"a":[1]}\n'.repeat(20_000)],
    ['white space', ' '.repeat(200_000)],
  ])('each octet of %s is looked at a bounded number of times, one octet per chunk', (_what, text) => {
    const source = new ChunkedSource([Buffer.from(text)], { chunkBytes: 1 })
    const decoder = { decode: () => create(StringValueSchema, { value: '0' }) }
    drain(readerOf(source, { isLines: true, decoder }, []), source, [])
    expect(source.looks).toBeLessThan(2.5 * text.length)
  })
})

test('T4 the stall watch waits for the rest of a message and the end of an array, not for the next message', () => {
  const source = new ChunkedSource(octets(' [{"a":1} , {} ] '), { isOpen: true })
  const owed: boolean[] = []
  const reader = readerOf(source, {}, [])
  for (let octet = 0; octet < 17; octet++) {
    source.arrive()
    if (reader.poll()) reader.take()
    reader.poll()
    owed.push(reader.isOwed)
  }
  expect(owed.map(Number).join('')).toBe('00111111000010011')
})

test('details of an error stay, and a fault of the server is not put into words', () => {
  const failing = (thrown: unknown) => {
    const decoder = {
      decode: (): Message => {
        throw thrown
      },
    }
    const source = new ChunkedSource(octets('{}'))
    const reader = readerOf(source, { decoder }, [])
    return () => drain(reader, source, [])
  }
  const detailed = new ConnectError('bad', Code.OutOfRange, undefined, [
    { desc: StringValueSchema, value: { value: 'why' } },
  ])
  expect(failing(detailed)).toThrow(
    expect.objectContaining({ rawMessage: 'message 1: bad', code: Code.OutOfRange, details: detailed.details }),
  )
  const bug = new TypeError('secret')
  expect(failing(bug)).toThrow(bug)
})

/** Reads a whole body. */
function read({ chunks, ...settings }: Settings & { readonly chunks: readonly Uint8Array[] }): Reading {
  const source = new ChunkedSource(chunks)
  const bound: number[] = []
  const values: JsonValue[] = []
  try {
    drain(readerOf(source, settings, bound), source, values)
  } catch (thrown) {
    return { values, bound, error: ConnectError.from(thrown) }
  }
  return { values, bound, error: null }
}

function drain(reader: JsonStreamReader, source: ChunkedSource, values: JsonValue[]): void {
  while (!reader.isAtEnd) {
    if (!reader.poll()) source.arrive()
    else if (!reader.isAtEnd) values.push(JSON.parse((reader.take() as StringValue).value))
  }
}

/** The messages are the JSON texts themselves. `bound` gets the number of each message that the target was applied to. */
function readerOf(source: ChunkedSource, settings: Settings, bound: number[]): JsonStreamReader {
  const { isLines = false, maxBytes = 1_048_576, decoder = AS_TEXT } = settings
  let decoded = 0
  const counting = {
    decode(data: Uint8Array) {
      decoded++
      return decoder.decode(data)
    },
  }
  const binder = { bind: () => void bound.push(decoded) }
  return new JsonStreamReader(source, { decoder: counting, binder, isLines, maxBytes })
}

const AS_TEXT: MessageDecoder<Message> = {
  decode(data) {
    const value = Buffer.from(data).toString()
    try {
      JSON.parse(value)
    } catch {
      throw new ConnectError('parse JSON', Code.InvalidArgument)
    }
    return create(StringValueSchema, { value })
  },
}

function joined(values: readonly JsonValue[], separator: string): string {
  return values.map((value) => JSON.stringify(value)).join(separator)
}

function octets(text: string): Uint8Array[] {
  return [...Buffer.from(text)].map((octet) => Uint8Array.of(octet))
}

function cut(text: string, sizes: Iterator<number>): Uint8Array[] {
  const data = Buffer.from(text)
  const chunks: Uint8Array[] = []
  for (let at = 0; at < data.byteLength; at += chunks.at(-1)?.byteLength ?? 0) {
    chunks.push(data.subarray(at, at + Number(sizes.next().value)))
  }
  return chunks
}
