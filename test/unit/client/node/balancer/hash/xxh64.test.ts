import { expect, it } from 'vitest'
import { xxh64 } from '../../../../../../client/node/balancer/hash/xxh64.ts'

const TEXT = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

function hex(text: string, seed?: { high: number; low: number }): string {
  const { high, low } = xxh64(text, seed)
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('')
}

/** Results of the reference implementation, one for every path of the algorithm. */
it.each([
  [0, 'ef46db3751d8e999'],
  [1, '633457081244afec'],
  [3, '1c2dcb4b9024d73d'],
  [4, '4c33072b45647dcb'],
  [7, '97ee4fe4a0ff4dfa'],
  [8, 'e4ba22a49ad89d3f'],
  [12, '862e292326b8a4fc'],
  [15, '4bb51a30968e6a4d'],
  [31, '80adfc1d42020f39'],
  [32, 'bf7c9dbe16b5c6e2'],
  [33, 'e97423e605e2f3b4'],
  [40, '1b3ce041c106b50b'],
  [47, 'e7f6f7fe6db7ff27'],
  [62, '7639d419de614eed'],
])('hashes %i bytes', (length, expected) => {
  expect(hex(TEXT.slice(0, length))).toBe(expected)
})

it.each([
  ['xxhash', { high: 0, low: 20_141_025 }, 'b559b98d844e0635'],
  ['grüezi', { high: 0xdeadbeef, low: 0xcafef00d }, 'e63e1db49d5b8399'],
])('hashes "%s" with a seed', (text, seed, expected) => {
  expect(hex(text, seed)).toBe(expected)
})
