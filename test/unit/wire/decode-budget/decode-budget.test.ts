import { type DescMessage, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, type ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { DecodeAllowance, DecodeBudget, decodeBudgetFor } from '../../../../wire/decode-budget/decode-budget.ts'
import { createMessageCodecs } from '../../../../wire/message-codec.ts'
import { field, OLD_BOMBS, repeat, SAMPLE_BOMBS, varint } from '../../../support/decode-bombs.ts'
import { Old, olds, Sample } from '../../../support/sample-types.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const MAX_BYTES = 65_536
const BUDGET_BYTES = decodeBudgetFor(MAX_BYTES)

function isRefused(type: DescMessage, octets: Uint8Array, budgetBytes = BUDGET_BYTES): boolean {
  try {
    new DecodeBudget(type, budgetBytes).check(octets)
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: Code.ResourceExhausted })
    return true
  }
}

describe('a message that decodes to far more than its bytes is rejected', () => {
  test.each(Object.entries(SAMPLE_BOMBS))('%s', (_name, make) => {
    expect(isRefused(Sample, make(MAX_BYTES - 64))).toBe(true)
  })

  test.each(Object.entries(OLD_BOMBS))('of proto2: %s', (_name, make) => {
    expect(isRefused(Old, make(MAX_BYTES - 64))).toBe(true)
  })

  test.each(Object.entries(SAMPLE_BOMBS))('also when nested deeply: %s', (_name, make) => {
    let message = make(MAX_BYTES - 64)
    for (let depth = 0; depth < 6; depth += 1) message = field(depth % 2 === 0 ? 11 : 12, message)
    expect(isRefused(Sample, message)).toBe(true)
  })

  test('also before a malformed part', () => {
    const octets = SAMPLE_BOMBS['unknown varints']?.(MAX_BYTES - 64) ?? new Uint8Array(0)
    expect(isRefused(Sample, Buffer.concat([octets, Uint8Array.of(0)]))).toBe(true)
  })
})

describe('a message that decodes to about its bytes is accepted, up to the message limit', () => {
  test.each([
    ['packed truth values', field(8, repeat([1], MAX_BYTES - 8))],
    ['packed numbers of four octets', field(13, repeat([1, 2, 3, 4], MAX_BYTES - 8))],
    ['packed numbers of ten octets', field(9, repeat([...Array(9).fill(0xff), 1], MAX_BYTES - 8))],
    ['one string', field(1, repeat([65], MAX_BYTES - 8))],
    ['strings of 100 octets', repeat(field(6, repeat([65], 100)), MAX_BYTES)],
    ['blobs of a KiB', repeat(field(7, repeat([0], 1_024)), MAX_BYTES)],
    [
      'messages with three texts',
      repeat(field(12, field(5, [...field(1, [65]), ...field(2, repeat([66], 300))])), MAX_BYTES),
    ],
  ])('%s', (_name, octets) => {
    expect(octets.byteLength).toBeGreaterThan(MAX_BYTES - 1_100)
    expect(isRefused(Sample, octets)).toBe(false)
  })
})

test('the error states the budget, and the option for it', () => {
  const { proto } = createMessageCodecs(
    { decodes: Sample, encodes: Sample },
    { json: {}, binary: undefined, decodeBudgetBytes: 10_000 },
  )
  const octets = repeat([0x12, 0], 1_000)
  expect(() => proto.decode(octets)).toThrow(
    expect.objectContaining({
      code: Code.ResourceExhausted,
      rawMessage: 'the decoded message takes more than decodeBudgetBytes, 10000 bytes of memory',
    } satisfies Partial<ConnectError>),
  )
})

test('unknown fields that are not kept cost nothing', () => {
  const octets = repeat([...varint(25 * 8), 0], MAX_BYTES)
  expect(() => new DecodeBudget(Sample, BUDGET_BYTES, { readUnknownFields: false }).check(octets)).not.toThrow()
})

test('nesting above the decoder limit is left to the decoder', () => {
  let message: Uint8Array = new Uint8Array(0)
  for (let depth = 0; depth < 200; depth += 1) message = field(11, message)
  expect(isRefused(Sample, message, 1_000_000)).toBe(false)
  const { proto } = createMessageCodecs({ decodes: Sample, encodes: Sample }, { json: {}, binary: undefined })
  expect(() => proto.decode(message)).toThrow(/recursion/)
})

test('short messages need no check, and would pass it', () => {
  const { freeBytes } = new DecodeBudget(Old, BUDGET_BYTES)
  expect(freeBytes).toBeGreaterThan(100)
  for (const [name, make] of Object.entries(OLD_BOMBS)) expect(isRefused(Old, make(freeBytes)), name).toBe(false)
  const sample = new DecodeBudget(Sample, BUDGET_BYTES)
  for (const [name, make] of Object.entries(SAMPLE_BOMBS)) {
    expect(isRefused(Sample, make(sample.freeBytes - 8)), name).toBe(false)
  }
})

describe('messages stored as bytes', () => {
  const few = field(1, Buffer.from('few'))
  const exhausted = expect.objectContaining({ code: Code.ResourceExhausted })

  test('share one budget', () => {
    const allowance = new DecodeAllowance(90_000)
    const some = repeat([0x12, 0], 1_000)
    expect(allowance.decode(Sample, some)).toMatchObject({ empties: { length: 500 } })
    expect(allowance.decode(Sample, some)).toMatchObject({ empties: { length: 500 } })
    expect(() => allowance.decode(Sample, some)).toThrow(exhausted)
    expect(allowance.decode(Sample, few)).toMatchObject({ name: 'few' })
  })

  test('count also as an extension, which a decoder keeps as unknown fields', () => {
    const allowance = new DecodeAllowance(100_000)
    const extended = (count: number) => fromBinary(Old, repeat(field(100, []), 3 * count))
    expect(allowance.extension(extended(500), olds)).toHaveLength(500)
    expect(() => allowance.extension(extended(1_500), olds)).toThrow(exhausted)
    expect(allowance.extension(fromBinary(Old, new Uint8Array(0)), olds)).toEqual([])
  })
})

describe('the decoder never allocates more than was charged', () => {
  test.each([
    ['Sample', Sample],
    ['Old', Old],
    ['FileDescriptorProto', FileDescriptorProtoSchema],
  ])('random bytes as %s', (_name, type) => {
    const random = new SeededRandom(20_261_128)
    let decoded = 0
    for (let run = 0; run < 3_000; run += 1) {
      const octets = randomMessage(random, type, 4)
      const message = decode(type, octets)
      if (message === undefined) continue
      decoded += 1
      const made = bytesOf(message) - bytesOf(fromBinary(type, new Uint8Array(0)))
      if (made === 0) continue
      expect(isRefused(type, octets, made - 1), octets.toString('hex')).toBe(true)
    }
    expect(decoded).toBeGreaterThan(500)
  })
})

function decode(type: DescMessage, octets: Uint8Array): object | undefined {
  try {
    return fromBinary(type, octets)
  } catch {
    return undefined
  }
}

/** Fields of the type with content of the right sort, most of the time; some with another wire type, or unknown. */
function randomMessage(random: SeededRandom, type: DescMessage, depth: number): Buffer {
  const parts: Uint8Array[] = []
  if (type.fields.length === 0) return Buffer.alloc(0)
  for (let count = random.below(8); count > 0; count -= 1) {
    const known = random.pick(type.fields)
    const number = random.below(5) === 0 ? random.below(40) + 1 : known.number
    const inner = known.message
    if (inner !== undefined && depth > 0) parts.push(field(number, randomMessage(random, inner, depth - 1)))
    else if (random.below(2) === 0) parts.push(field(number, random.bytes(random.below(12))))
    else parts.push(Uint8Array.from([...varint(number * 8 + random.pick([0, 0, 2, 5, 1, 3])), random.below(100)]))
  }
  return Buffer.concat(parts)
}

/** The parts of a decoded message that can be counted from outside. */
function bytesOf(value: unknown): number {
  if (value instanceof Uint8Array) return 80
  if (typeof value === 'bigint') return 16
  if (typeof value !== 'object' || value === null) return 0
  const slotBytes = '$typeName' in value || 'case' in value ? 0 : 8
  const children = Object.values(value).map((child: unknown) => slotBytes + bytesOf(child))
  return children.reduce((sum, bytes) => sum + bytes, 24)
}
