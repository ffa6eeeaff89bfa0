import { describe, expect, test } from 'vitest'
import { type EncodableField, headerListSize, maxEncodedLength } from '../../../../../wire/http2/hpack/header-field.ts'
import { HpackEncoder } from '../../../../../wire/http2/hpack/hpack-encoder.ts'
import { decodeAll, encodeAll, fieldsOf, hex, literal, newDecoder, pairsOf, plain } from './support.ts'

describe('the frozen table', () => {
  test('a field is a literal, then inserted, then an index', () => {
    const encoder = newEncoder()
    const fields = fieldsOf([['a', 'b']])
    expect(encodeAll(encoder, fields)).toEqual(literal(0x00, 'a', 'b'))
    expect(encodeAll(encoder, fields)).toEqual(literal(0x40, 'a', 'b'))
    expect(encodeAll(encoder, fields)).toEqual(hex('be'))
    expect(encodeAll(encoder, fields)).toEqual(hex('be'))
  })

  test('many fields are inserted the second time, however similar', () => {
    const encoder = newEncoder()
    const paths = Array.from({ length: 30 }, (_, i) => [':path', `/pkg.v1.Service/Method${10 + i}s`] as const)
    for (const path of [...paths, ...paths]) encodeAll(encoder, fieldsOf([path]))
    expect(encoder.generation).toBe(paths.length)
  })

  test('remembers the last 64 fields seen once', () => {
    const encoder = newEncoder()
    const sight = (value: string) => encodeAll(encoder, fieldsOf([['once', value]]))
    for (let i = 0; i < 65; i++) sight(`${i}`)
    sight('1')
    expect(encoder.generation).toBe(1)
    sight('0')
    expect(encoder.generation).toBe(1)
  })

  test('uses Huffman coding only for inserted fields', () => {
    const encoder = newEncoder()
    const fields = fieldsOf([['custom-key', 'custom-value']])
    expect(encodeAll(encoder, fields)).toEqual(literal(0x00, 'custom-key', 'custom-value'))
    expect(encodeAll(encoder, fields)).toEqual(hex('40 88 25a8 49e9 5ba9 7d7f 89 25a8 49e9 5bb8 e8b4 bf'))
  })

  test('a name from the table is an index, the static table first', () => {
    const encoder = newEncoder()
    for (let i = 0; i < 2; i++)
      encodeAll(
        encoder,
        fieldsOf([
          ['custom', 'first'],
          ['location', '/a'],
        ]),
      )
    expect(encodeAll(encoder, fieldsOf([['custom', 'x'.repeat(300)]])).subarray(0, 2)).toEqual(hex('0f30'))
    expect(encodeAll(encoder, fieldsOf([['location', '/b']]))).toEqual(Buffer.concat([hex('0f1f'), plain('/b')]))
  })

  test('an insertion shifts the indexes of earlier entries', () => {
    const encoder = newEncoder()
    const first = fieldsOf([['a', '1']])
    const second = fieldsOf([['a', '2']])
    for (const fields of [first, first, second, second]) encodeAll(encoder, fields)
    expect(encodeAll(encoder, [...first, ...second])).toEqual(hex('bfbe'))
  })

  test('inserts while there is room, and evicts nothing', () => {
    const encoder = new HpackEncoder({ maxTableSize: 100 })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => fieldsOf([[name, 'x'.repeat(17)]]))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three fields')
    const decoder = newDecoder()
    for (let i = 0; i < 3; i++) for (const fields of [a, b, c]) decodeAll(decoder, encodeAll(encoder, fields))
    expect(encodeAll(encoder, a)).toEqual(hex('bf'))
    expect(encodeAll(encoder, b)).toEqual(hex('be'))
    expect(encodeAll(encoder, c)).toEqual(literal(0x00, 'c', 'x'.repeat(17)))
  })

  test.each([
    [256, 1],
    [257, 0],
  ])('a value of %i bytes is inserted %i times', (length, insertions) => {
    const encoder = newEncoder()
    for (let i = 0; i < 3; i++) encodeAll(encoder, fieldsOf([['long', 'x'.repeat(length)]]))
    expect(encoder.generation).toBe(insertions)
  })

  test.each(['grpc-timeout', 'connect-timeout-ms', 'traceparent', 'x-request-id', 'content-length', 'date'])(
    '%s is never inserted',
    (name) => {
      const encoder = newEncoder()
      const blocks = [1, 2, 3].map(() => encodeAll(encoder, fieldsOf([[name, '1']])))
      expect(new Set(blocks.map((block) => block.toString('hex'))).size).toBe(1)
      expect(encoder.generation).toBe(0)
      expect(decodeAll(newDecoder(), blocks[0] ?? hex('')).fields[0]?.neverIndexed).toBe(false)
    },
  )

  test.each([
    ['authorization', false],
    ['proxy-authorization', false],
    ['cookie', false],
    ['set-cookie', false],
    ['x-api-key', false],
    ['marked', true],
  ])('%s is never indexed', (name, neverIndexed) => {
    const encoder = newEncoder()
    for (let i = 0; i < 3; i++) {
      const block = decodeAll(newDecoder(), encodeAll(encoder, [{ name, value: 'secret', neverIndexed }]))
      expect(block.fields[0]).toMatchObject({ name, value: 'secret', neverIndexed: true })
    }
    expect(encoder.generation).toBe(0)
  })
})

describe('the size of the table', () => {
  const fields = fieldsOf([['a', 'b']])

  test('4,096 or more at the peer needs no update', () => {
    const encoder = newEncoder()
    encoder.setPeerTableSize(65_536)
    expect(encodeAll(encoder, [])).toEqual(hex(''))
    expect(encoder.generation).toBe(0)
  })

  test.each([
    { sizes: [0], octets: '20' },
    { sizes: [100], octets: '3f45' },
    { sizes: [0, 4096], octets: '20 3fe11f' },
    { sizes: [1000, 10, 200], octets: '2a 3fa901' },
    { sizes: [200, 10], octets: '2a' },
    { sizes: [100, 4096, 100], octets: '3f45' },
  ])('$sizes is sent at the start of the next block, once', ({ sizes, octets }) => {
    const encoder = newEncoder()
    for (const size of sizes) encoder.setPeerTableSize(size)
    expect(encodeAll(encoder, fields)).toEqual(Buffer.concat([hex(octets), literal(0x00, 'a', 'b')]))
    expect(encodeAll(encoder, []).length).toBe(0)
  })

  test('a change clears the plan', () => {
    const encoder = newEncoder()
    for (let i = 0; i < 3; i++) encodeAll(encoder, fields)
    const { generation } = encoder
    encoder.setPeerTableSize(2000)
    expect(encoder.generation).toBeGreaterThan(generation)
    expect(encodeAll(encoder, fields)).toEqual(Buffer.concat([hex('3fb10f'), literal(0x00, 'a', 'b')]))
  })

  test('zero inserts nothing', () => {
    const encoder = newEncoder()
    encoder.setPeerTableSize(0)
    encodeAll(encoder, [])
    for (let i = 0; i < 4; i++) expect(encodeAll(encoder, fields)).toEqual(literal(0x00, 'a', 'b'))
  })

  test('entries that the peer keeps over a change do not shift ours', () => {
    const encoder = newEncoder()
    const decoder = newDecoder()
    const old = fieldsOf([['old', 'x'.repeat(200)]])
    for (let i = 0; i < 3; i++) decodeAll(decoder, encodeAll(encoder, old))
    encoder.setPeerTableSize(300)
    for (let i = 0; i < 5; i++) {
      for (const name of ['a', 'b', 'c', 'd']) {
        const list = fieldsOf([[name, 'x'.repeat(20)]])
        expect(pairsOf(decodeAll(decoder, encodeAll(encoder, list)))).toEqual([[name, 'x'.repeat(20)]])
      }
    }
    expect(encodeAll(encoder, fieldsOf([['a', 'x'.repeat(20)]]))).toEqual(hex('c1'))
  })
})

describe('prepared blocks', () => {
  const fields = fieldsOf([
    [':status', '200'],
    ['content-type', 'application/grpc'],
    ['date', 'today'],
  ])

  test('equal the output of encode, once the table is stable', () => {
    const encoder = newEncoder()
    const other = newEncoder()
    const prepared = encoder.prebuild(fields)
    const out = Buffer.alloc(prepared.maxLength)
    for (let i = 0; i < 5; i++) {
      const block = out.subarray(0, encoder.encodePrepared(prepared, out, 0))
      expect(block).toEqual(encodeAll(other, fields))
      expect(prepared.generation === encoder.generation).toBe(i >= 2)
    }
  })

  test('are rebuilt when another block inserts or the size changes', () => {
    const encoder = newEncoder()
    const decoder = newDecoder()
    const prepared = encoder.prebuild(fields)
    const out = Buffer.alloc(prepared.maxLength)
    const send = () => pairsOf(decodeAll(decoder, out.subarray(0, encoder.encodePrepared(prepared, out, 0))))
    const expected = fields.map(({ name, value }) => [name, value])
    for (let i = 0; i < 4; i++) expect(send()).toEqual(expected)
    for (let i = 0; i < 2; i++) decodeAll(decoder, encodeAll(encoder, fieldsOf([['other', 'field']])))
    for (let i = 0; i < 4; i++) expect(send()).toEqual(expected)
    encoder.setPeerTableSize(0)
    encoder.setPeerTableSize(4096)
    for (let i = 0; i < 4; i++) expect(send()).toEqual(expected)
    expect(prepared.generation).toBe(encoder.generation)
  })

  test('are written at their offset and know their sizes', () => {
    const encoder = newEncoder()
    const long = fieldsOf([['grpc-timeout', 'x'.repeat(100)]])
    const prepared = encoder.prebuild(long)
    const out = Buffer.alloc(300)
    const first = encoder.encodePrepared(prepared, out, 10)
    const second = encoder.encodePrepared(prepared, out, first)
    expect(out.subarray(10, first)).toEqual(out.subarray(first, second))
    expect(out[9]).toBe(0)
    expect(prepared).toMatchObject({ size: 144, maxLength: maxEncodedLength(long) })
  })
})

test('the maximum size of fields is enough for any', () => {
  const encoder = newEncoder()
  encoder.setPeerTableSize(0)
  encoder.setPeerTableSize(4000)
  const fields: EncodableField[] = fieldsOf([
    ['', ''],
    ['n'.repeat(3000), 'v'.repeat(3000)],
    ['cookie', '\u00ff'.repeat(200)],
  ])
  const block = encodeAll(encoder, fields)
  expect(block.length).toBeLessThanOrEqual(maxEncodedLength(fields))
  expect(decodeAll(newDecoder(), block).size).toBe(headerListSize(fields))
})

function newEncoder(): HpackEncoder {
  return new HpackEncoder({ maxTableSize: 4096 })
}
