import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeaderBlock } from '../../wire/http2/hpack/header-block.ts'
import { HpackDecoder } from '../../wire/http2/hpack/hpack-decoder.ts'
import { RouteMemo } from '../../wire/http2/hpack/route-memo.ts'
import { PATHS, writeBlock } from '../unit/wire/http2/hpack/block-script.ts'
import { NaiveDecoder, type NaiveField } from '../unit/wire/http2/hpack/naive-decoder.ts'

const MAX_TABLE_SIZE = 600
const BLOCKS = 400
/** How many of the last blocks may be repeated unchanged, whatever the state of the table. */
const POOL = 10

/** Random numbers, used one after the other. */
const numbers = fc.array(fc.nat(0xffff), { minLength: 500, maxLength: 4000 })

test('memos change no result, over insertions, evictions, resizes and repetitions', () => {
  let hits = 0
  const property = fc.property(numbers, (supply) => {
    const blocks = blocksOf(supply)
    const decoder = newDecoder(new RouteMemo(PATHS))
    const withoutRoutes = newDecoder(undefined)
    const naive = new NaiveDecoder(MAX_TABLE_SIZE)
    const seen = new Set<HeaderBlock>()
    for (const octets of blocks) {
      const expected = naive.decode(octets)
      const block = decoder.decode(octets, 0, octets.length)
      expect(fieldsOf(block)).toEqual(expected)
      expect(fieldsOf(withoutRoutes.decode(octets, 0, octets.length))).toEqual(expected)
      if (seen.has(block)) hits++
      seen.add(block)
    }
  })
  fc.assert(property, { seed: 7541, numRuns: 60 })
  expect(hits).toBeGreaterThan(1000)
})

/** Valid sequences of blocks, with many repetitions. */
function blocksOf(supply: readonly number[]): Buffer[] {
  let used = 0
  const next = (bound: number) => (supply[used++ % supply.length] ?? 0) % bound
  const naive = new NaiveDecoder(MAX_TABLE_SIZE)
  const blocks: Buffer[] = []
  const pool: Buffer[] = []
  while (blocks.length < BLOCKS && used < 4 * supply.length) {
    const repeated = next(10) < 7 ? pool[next(POOL)] : undefined
    const context = { next, tableLength: naive.table.length, maxTableSize: MAX_TABLE_SIZE }
    const block = repeated ?? writeBlock(context)
    if (!isRightFor(naive, block)) continue
    naive.decode(block)
    blocks.push(block)
    if (repeated === undefined) pool[next(POOL)] = block
  }
  return blocks
}

function isRightFor(naive: NaiveDecoder, block: Buffer): boolean {
  try {
    naive.clone().decode(block)
    return true
  } catch {
    return false
  }
}

function newDecoder(routes: RouteMemo | undefined): HpackDecoder {
  const limits = { maxTableSize: MAX_TABLE_SIZE, maxHeaderListSize: 100_000, maxFields: 1000 }
  return new HpackDecoder(routes === undefined ? limits : { ...limits, routes })
}

function fieldsOf(block: HeaderBlock): NaiveField[] {
  return block.fields.map(({ name, value, neverIndexed }) => ({ name, value, neverIndexed }))
}
