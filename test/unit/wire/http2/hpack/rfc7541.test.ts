import { describe, expect, test } from 'vitest'
import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { HpackEncoder } from '../../../../../wire/http2/hpack/hpack-encoder.ts'
import { readInteger, writeInteger } from '../../../../../wire/http2/hpack/representation.ts'
import { readString, writePlainString, writeShortestString } from '../../../../../wire/http2/hpack/string-literal.ts'
import { decodeAll, encodeAll, fieldsOf, hex, newDecoder, type Pair, pairsOf } from './support.ts'

/** A table size update to 256, which appendices C.5 and C.6 assume. */
const TO_256 = '3fe101'

const REQUESTS: Pair[][] = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
]

const RESPONSES: Pair[][] = [
  [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
]

const SEQUENCES = [
  {
    name: 'C.3 requests in plain octets',
    lists: REQUESTS,
    blocks: [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
  },
  {
    name: 'C.4 requests in the Huffman code',
    lists: REQUESTS,
    blocks: [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  },
  {
    name: 'C.5 responses in plain octets, with eviction',
    lists: RESPONSES,
    blocks: [
      `${TO_256} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a
       3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a
       6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d
       6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
    ],
  },
  {
    name: 'C.6 responses in the Huffman code, with eviction',
    lists: RESPONSES,
    blocks: [
      `${TO_256} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
       919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d
       d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106
       3d50 07`,
    ],
  },
]

describe('RFC 7541 appendix C', () => {
  test.each([
    { name: 'C.1.1', value: 10, mask: 0x1f, octets: '0a' },
    { name: 'C.1.2', value: 1337, mask: 0x1f, octets: '1f9a0a' },
    { name: 'C.1.3', value: 42, mask: 0xff, octets: '2a' },
  ])('$name integer $value both ways', ({ value, mask, octets }) => {
    const cursor = cursorAt(hex(octets))
    expect(readInteger(cursor, mask)).toBe(value)
    expect(cursor.position).toBe(cursor.end)
    expect(written((to) => writeInteger(to, { flag: 0, mask }, value))).toEqual(hex(octets))
  })

  test.each([
    {
      name: 'C.2.1',
      octets: '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      pair: ['custom-key', 'custom-header'],
    },
    { name: 'C.2.2', octets: '040c 2f73 616d 706c 652f 7061 7468', pair: [':path', '/sample/path'] },
    { name: 'C.2.3', octets: '1008 7061 7373 776f 7264 0673 6563 7265 74', pair: ['password', 'secret'] },
    { name: 'C.2.4', octets: '82', pair: [':method', 'GET'] },
  ])('$name representation is decoded', ({ octets, pair }) => {
    expect(pairsOf(decodeAll(newDecoder(), hex(octets)))).toEqual([pair])
  })

  test.each([
    { name: 'C.2.2', octets: '040c 2f73 616d 706c 652f 7061 7468', field: { name: ':path', value: '/sample/path' } },
    {
      name: 'C.2.3',
      octets: '1008 7061 7373 776f 7264 0673 6563 7265 74',
      field: { name: 'password', value: 'secret', neverIndexed: true },
    },
    { name: 'C.2.4', octets: '82', field: { name: ':method', value: 'GET' } },
  ])('$name representation is encoded', ({ octets, field }) => {
    expect(encodeAll(new HpackEncoder({ maxTableSize: 4096 }), [field])).toEqual(hex(octets))
  })

  test.each(SEQUENCES)('$name are decoded', ({ lists, blocks }) => {
    const decoder = newDecoder()
    expect(blocks.map((block) => pairsOf(decodeAll(decoder, hex(block))))).toEqual(lists)
  })

  test.each(SEQUENCES.filter((_, i) => i % 2 === 0))('$name: our encoder writes the same', ({ lists }) => {
    const encoder = new HpackEncoder({ maxTableSize: 256 })
    const decoder = newDecoder()
    for (const list of [...lists, ...lists, ...lists]) {
      expect(pairsOf(decodeAll(decoder, encodeAll(encoder, fieldsOf(list))))).toEqual(list)
    }
  })

  test.each([
    ['C.4.1', 'www.example.com', '8c f1e3 c2e5 f23a 6ba0 ab90 f4ff'],
    ['C.4.2', 'no-cache', '86 a8eb 1064 9cbf'],
    ['C.4.3', 'custom-key', '88 25a8 49e9 5ba9 7d7f'],
    ['C.4.3', 'custom-value', '89 25a8 49e9 5bb8 e8b4 bf'],
    ['C.6.1', '302', '82 6402'],
    ['C.6.1', 'private', '85 aec3 771a 4b'],
    ['C.6.1', 'Mon, 21 Oct 2013 20:13:21 GMT', '96 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff'],
    ['C.6.1', 'https://www.example.com', '91 9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3'],
    ['C.6.2', '307', '83 640e ff'],
    ['C.6.3', 'gzip', '83 9bd9 ab'],
  ])('%s string %s in Huffman coding both ways', (_, text, octets) => {
    expect(readString(cursorAt(hex(octets)))).toBe(text)
    // "307" is not shorter in the code, and ours is as long as it has to be.
    if (text !== '307') expect(written((to) => writeShortestString(to, text))).toEqual(hex(octets))
  })

  test('a string in plain bytes both ways', () => {
    expect(readString(cursorAt(hex('0a 6375 7374 6f6d 2d6b 6579')))).toBe('custom-key')
    expect(written((to) => writePlainString(to, 'custom-key'))).toEqual(hex('0a 6375 7374 6f6d 2d6b 6579'))
  })
})

function cursorAt(octets: Buffer): Cursor {
  const cursor = new Cursor()
  cursor.point(octets, 0, octets.length)
  return cursor
}

function written(write: (cursor: Cursor) => void): Buffer {
  const cursor = cursorAt(Buffer.alloc(100))
  write(cursor)
  return cursor.bytes.subarray(0, cursor.position)
}
