/** The memory that compiled decoders take: within the budget, and without the chunks that messages arrive in. */
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type DescMessage, fromBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { CLOSURES, compiledDecoder, GENERATED, messageDecoder } from '../../../../wire/codec/decode/message-decoder.ts'
import { decodeBudgetFor } from '../../../../wire/decode-budget/decode-budget.ts'
import { codecType } from '../../../support/codec-types.ts'
import { field, OLD_BOMBS, repeat, SAMPLE_BOMBS, varint } from '../../../support/decode-bombs.ts'
import { expectSameMessage } from '../../../support/same-message.ts'
import { Old, Sample } from '../../../support/sample-types.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const MAX_BYTES = 65_536
const BUDGET_BYTES = decodeBudgetFor(MAX_BYTES)

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** The memory outside of the heap that is in use. V8 frees the buffers of collected objects in another thread. */
async function externalBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage()
    await setImmediate()
  }
  return process.memoryUsage().external
}

describe.each([
  ['generated code', GENERATED],
  ['closures', CLOSURES],
])('with %s', (_name, plan) => {
  const decode = (type: DescMessage, octets: Uint8Array, budgetBytes = BUDGET_BYTES) =>
    compiledDecoder(type, { budgetBytes }, plan).decode(octets, 0, octets.byteLength)

  const isRefused = (type: DescMessage, octets: Uint8Array): boolean => {
    try {
      decode(type, octets)
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: Code.ResourceExhausted })
      return true
    }
  }

  it.each(Object.entries(SAMPLE_BOMBS))(
    'refuses a message that decodes to far more than its bytes: %s',
    (_of, make) => {
      expect(isRefused(Sample, make(MAX_BYTES - 64))).toBe(true)
      let nested = make(MAX_BYTES - 64)
      for (let depth = 0; depth < 6; depth += 1) nested = field(depth % 2 === 0 ? 11 : 12, nested)
      expect(isRefused(Sample, nested)).toBe(true)
    },
  )

  it.each(Object.entries(OLD_BOMBS))('refuses a message of proto2: %s', (_of, make) => {
    expect(isRefused(Old, make(MAX_BYTES - 64))).toBe(true)
  })

  it.each([
    ['packed numbers', field(13, repeat([1, 2, 3, 4], MAX_BYTES - 8))],
    ['packed numbers of ten octets', field(9, repeat([...Array(9).fill(0xff), 1], MAX_BYTES - 8))],
    ['one string', field(1, repeat([65], MAX_BYTES - 8))],
    ['blobs of a KiB', repeat(field(7, repeat([0], 1_024)), MAX_BYTES)],
    ['short blobs', repeat(field(7, repeat([7], 40)), MAX_BYTES)],
    ['long blobs', repeat(field(7, repeat([7], 9_000)), MAX_BYTES)],
    ['unknown fields', repeat(field(99, repeat([7], 60)), MAX_BYTES)],
    [
      'messages with texts',
      repeat(field(12, field(5, [...field(1, [65]), ...field(2, repeat([66], 300))])), MAX_BYTES),
    ],
  ])('decodes a long message within the budget: %s', (_of, octets) => {
    expectSameMessage(decode(Sample, octets), fromBinary(Sample, new Uint8Array(octets)))
  })

  it('admits what the check before decoding admits', () => {
    const random = new SeededRandom(20_261_129)
    let admitted = 0
    for (let run = 0; run < 3_000; run += 1) {
      const octets = randomFields(random, 3)
      const budgetBytes = random.below(1_500)
      const checked = messageDecoder(Sample, { kind: 'reflective', budgetBytes })
      const expected = isDecoded(() => checked.decode(octets, 0, octets.byteLength))
      expect(
        isDecoded(() => decode(Sample, octets, budgetBytes)),
        `${budgetBytes} ${octets.toString('hex')}`,
      ).toBe(expected)
      if (expected) admitted += 1
    }
    expect(admitted).toBeGreaterThan(300)
  })

  it('does not charge one message for another', () => {
    const octets = repeat(field(7, repeat([7], 40)), MAX_BYTES)
    const decoder = compiledDecoder(Sample, { budgetBytes: BUDGET_BYTES }, plan)
    for (let count = 0; count < 5; count += 1) {
      expect(decoder.decode(octets, 0, octets.byteLength)).toMatchObject({ blobs: { length: 1_560 } })
    }
  })

  it('copies short values of a long message together, a few KiB at a time', () => {
    const octets = repeat(field(7, repeat([7], 40)), MAX_BYTES)
    const [one, other] = [decode(Sample, octets), decode(Sample, octets)] as unknown as { blobs: Uint8Array[] }[]
    const buffers = new Set(one?.blobs.map(({ buffer }) => buffer))
    expect(buffers.size).toBeLessThan(20)
    for (const buffer of buffers) expect(buffer.byteLength).toBeLessThanOrEqual(8_192)
    expect(other?.blobs.some(({ buffer }) => buffers.has(buffer))).toBe(false)
  })

  it('keeps no chunk alive by the strings and bytes of 100,000 messages', async () => {
    const decoder = compiledDecoder(codecType('Singular'), { budgetBytes: BUDGET_BYTES }, plan)
    const kept: unknown[] = []
    const before = await externalBytes()
    for (let count = 0; count < 1_000; count += 1) keepMessages(count)
    const after = await externalBytes()
    expect(kept).toHaveLength(100_000)
    // The chunks are 64 MB together.
    expect(after - before).toBeLessThan(1_000_000)

    function keepMessages(chunkNumber: number): void {
      const message = Buffer.concat(
        [
          field(14, Buffer.from(`a string of ASCII that is long enough for C++, number ${chunkNumber}`)),
          field(15, Buffer.alloc(30, chunkNumber)),
          [...varint(99 * 8)],
          [1],
        ].map((part) => Buffer.from(part)),
      )
      const chunk = Buffer.alloc(64_000)
      for (let index = 0; index < 100; index += 1) {
        const start = index * 640
        chunk.set(message, start)
        kept.push(decoder.decode(chunk, start, start + message.byteLength))
      }
    }
  })
})

function isDecoded(decode: () => unknown): boolean {
  try {
    decode()
    return true
  } catch {
    return false
  }
}

/** Fields of `sample.Sample`, with content of the right sort most of the time. */
function randomFields(random: SeededRandom, depth: number): Buffer {
  const parts: Uint8Array[] = []
  for (let count = random.below(6); count > 0; count -= 1) {
    const number = random.below(22) + 1
    if (depth > 0 && random.below(3) > 0) parts.push(field(number, randomFields(random, depth - 1)))
    else if (random.below(2) === 0) parts.push(field(number, Buffer.from('12345'.slice(random.below(6)))))
    else parts.push(Uint8Array.of(...varint(number * 8), random.below(100)))
  }
  return Buffer.concat(parts)
}
