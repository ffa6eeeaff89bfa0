import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HeaderBlock } from '../../wire/http2/hpack/header-block.ts'
import { HpackDecoder } from '../../wire/http2/hpack/hpack-decoder.ts'
import { HpackError } from '../../wire/http2/hpack/hpack-error.ts'
import { RouteMemo } from '../../wire/http2/hpack/route-memo.ts'
import { PATHS, writeBlock } from '../unit/wire/http2/hpack/block-script.ts'
import { NaiveDecoder, type NaiveField } from '../unit/wire/http2/hpack/naive-decoder.ts'

const MAX_TABLE_SIZE = 4096
/** How often an octet may be looked at: for its hash twice, for two comparisons, for decoding and text. */
const READS_AN_OCTET = 8
/** The overhead that a block may have in addition to its octets. */
const READS_A_BLOCK = 16

const octets = fc.uint8Array({ maxLength: 200 })
const numbers = fc.array(fc.nat(0xffff), { minLength: 10, maxLength: 60 })
const mutation = fc.record({ at: fc.nat(0xffff), to: fc.nat(0xff), cut: fc.boolean() })

test('random bytes are decoded or rejected as the reference decoder does', () => {
  const property = fc.property(fc.array(octets, { minLength: 1, maxLength: 4 }), (blocks) => {
    agree(blocks.map((block) => Buffer.from(block)))
  })
  fc.assert(property, { seed: 1, numRuns: 5000 })
})

test('valid blocks with a wrong byte, or truncated, are decoded or rejected as the reference decoder does', () => {
  const property = fc.property(numbers, mutation, (supply, { at, to, cut }) => {
    const block = Buffer.from(writeBlock(contextOf(supply)))
    const place = at % block.length
    block[place] = to
    agree([block, cut ? block.subarray(0, place) : block, block])
  })
  fc.assert(property, { seed: 2, numRuns: 5000 })
})

test('work grows linearly with the bytes of a block, whatever they are', () => {
  const insertion = Buffer.from('4001610162', 'hex')
  const blocks = [0xbe, 0x82, 0x00, 0x40, 0x20, 0x1f, 0xff, 0x7f].map((octet) => Buffer.alloc(20_000, octet))
  blocks.push(Buffer.from(`400161${'400161'.repeat(5000)}`, 'hex'), Buffer.from(`0001617f${'ff'.repeat(9000)}`, 'hex'))
  blocks.push(Buffer.from('7e0161'.repeat(6000), 'hex'), Buffer.from('0481ff'.repeat(6000), 'hex'))
  for (const block of blocks) {
    const decoder = newDecoder()
    decoder.decode(insertion, 0, insertion.length)
    const { counted, reads } = counting(block)
    outcomeOf(() => decoder.decode(counted, 0, counted.length))
    expect(reads()).toBeLessThanOrEqual(READS_AN_OCTET * block.length + READS_A_BLOCK)
  }
})

test('work grows linearly with the bytes of random blocks', () => {
  const property = fc.property(octets, (block) => {
    const { counted, reads } = counting(Buffer.from(block))
    outcomeOf(() => newDecoder().decode(counted, 0, counted.length))
    expect(reads()).toBeLessThanOrEqual(READS_AN_OCTET * block.length + READS_A_BLOCK)
  })
  fc.assert(property, { seed: 3, numRuns: 2000 })
})

/** Both decoders agree on each block, until one is rejected. */
function agree(blocks: readonly Buffer[]): void {
  const decoder = newDecoder()
  const naive = new NaiveDecoder(MAX_TABLE_SIZE)
  for (const block of blocks) {
    const actual = outcomeOf(() => fieldsOf(decoder.decode(block, 0, block.length)))
    expect(actual).toEqual(outcomeOf(() => naive.decode(block)))
    if (actual === 'refused') return
  }
}

/** The result, or that it was rejected; any other error propagates. */
function outcomeOf<T>(run: () => T): T | 'refused' {
  try {
    return run()
  } catch (error) {
    if (error instanceof HpackError) return 'refused'
    throw error
  }
}

function contextOf(supply: readonly number[]) {
  let used = 0
  const next = (bound: number) => (supply[used++ % supply.length] ?? 0) % bound
  return { next, tableLength: 3, maxTableSize: MAX_TABLE_SIZE }
}

/** The same octets, with a count of how often one was looked at. */
function counting(block: Buffer): { counted: Buffer; reads: () => number } {
  let reads = 0
  const counted = new Proxy(block, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { counted, reads: () => reads }
}

function newDecoder(): HpackDecoder {
  const routes = new RouteMemo(PATHS)
  return new HpackDecoder({ maxTableSize: MAX_TABLE_SIZE, maxHeaderListSize: 100_000, maxFields: 1000, routes })
}

function fieldsOf(block: HeaderBlock): NaiveField[] {
  return block.fields.map(({ name, value, neverIndexed }) => ({ name, value, neverIndexed }))
}
