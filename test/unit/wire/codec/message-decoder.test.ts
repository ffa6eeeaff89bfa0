/** What the compiled decoder makes of octets, as generated code and as closures: always what protobuf-es makes of them. */
import { type BinaryReadOptions, type DescMessage, fromBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { codecCounts } from '../../../../wire/codec/codec-counts.ts'
import {
  CLOSURES,
  compiledDecoder,
  type DecodingPlan,
  GENERATED,
  messageDecoder,
} from '../../../../wire/codec/decode/message-decoder.ts'
import { codecType } from '../../../support/codec-types.ts'
import {
  ACCEPTED,
  deep,
  deepGroups,
  everyScalar,
  group,
  octets,
  REFUSED,
  struct,
  tag,
  text,
  within,
} from '../../../support/decode-cases.ts'
import { expectSameMessage } from '../../../support/same-message.ts'
import { Old as Groups } from '../../../support/sample-types.ts'

const BUDGET_BYTES = 2 ** 40

describe.each([
  ['generated code', GENERATED],
  ['closures', CLOSURES],
])('with %s, decodes as protobuf-es', (_name, plan) => {
  it.each(ACCEPTED)('%s: %s', (_behaviour, name, data) => {
    expectSame(plan, typeOf(name), data)
  })

  it.each(REFUSED)('refuses %s: %s', (_behaviour, name, data) => {
    const desc = typeOf(name)
    expect(() => fromBinary(desc, data)).toThrow()
    expect(() => decode(plan, desc, data)).toThrow()
  })

  it('without unknown fields, if they are not read', () => {
    const data = octets(tag(16), 4, tag(99), 1, within(26, text(98, 'x')), group(97, tag(1), 1), tag(3), 5)
    expectSame(plan, codecType('old.Old'), data, { readUnknownFields: false })
  })

  it('up to a recursion limit that is set', () => {
    const Tree = codecType('Tree')
    expectSame(plan, Tree, octets(deep(1, 2)), { recursionLimit: 2 })
    expect(() => decode(plan, Tree, deep(2, 2), { recursionLimit: 2 })).toThrow(/recursion limit/)
    expectSame(plan, Tree, octets(within(2, deepGroups(1, 99))), { recursionLimit: 3 })
    expect(() => decode(plan, Tree, within(2, deepGroups(2, 99)), { recursionLimit: 3 })).toThrow(/groups/)
  })

  it('after a message that was malformed', () => {
    const Tree = codecType('Tree')
    expect(() => decode(plan, Tree, octets(deep(50, 2), 0))).toThrow()
    expectSame(plan, Tree, deep(99, 2))
  })

  it('any part of a message, or fails', () => {
    for (const name of ['Singular', 'old.Old', 'Lists']) {
      const data = everyScalar(0)
      for (let end = 0; end < data.byteLength; end += 1) {
        const part = data.subarray(0, end)
        const expected = attempt(() => fromBinary(codecType(name), new Uint8Array(part)))
        const actual = attempt(() => decode(plan, codecType(name), part))
        expect(actual === null, `${name} ${end}`).toBe(expected === null)
        if (expected !== null) expectSameMessage(actual, expected)
      }
    }
  })

  it('a struct that comes often in an entry, which is merged in linear time', () => {
    const names = Array.from({ length: 2_000 }, (_, index) => struct(`name ${index}`, index))
    const repetitions = (count: number) => Array.from({ length: count }, () => within(2))
    const first = within(2, ...names.slice(0, 5))
    expectSame(plan, codecType('Maps'), octets(within(42, first, within(2, ...names.slice(3, 9)), ...repetitions(3))))
    const data = within(42, within(2, ...names), ...repetitions(40_000))
    const { structs } = decode(plan, codecType('Maps'), data) as unknown as { structs: Record<string, object> }
    expect(Object.keys(structs[0] ?? {})).toHaveLength(2_000)
  })

  it('octets of any class', () => {
    const decoder = compiledDecoder(codecType('Singular'), { budgetBytes: BUDGET_BYTES }, plan)
    const data = everyScalar(0)
    const expected = fromBinary(codecType('Singular'), new Uint8Array(data))
    for (const input of [data, new Uint8Array(data), Buffer.from(data)]) {
      expectSameMessage(decoder.decode(input, 0, input.byteLength), expected)
    }
  })
})

it('counts how types are decoded, once each', () => {
  const decoder = messageDecoder(codecType('old.Holder'), { kind: 'compiled', budgetBytes: BUDGET_BYTES })
  const generated = () => codecCounts().find(({ task, way }) => task === 'decode' && way === 'generated')?.types ?? 0
  const before = generated()
  decoder.decode(octets(), 0, 0)
  expect(generated()).toBe(before + 1)
  decoder.decode(octets(), 0, 0)
  expect(generated()).toBe(before + 1)
  const wide = messageDecoder(codecType('Wide'), { kind: 'compiled', budgetBytes: BUDGET_BYTES })
  wide.decode(octets(), 0, 0)
  expect(codecCounts()).toContainEqual(
    expect.objectContaining({ task: 'decode', way: 'closures', reason: 'too many fields' }),
  )
})

/** Expects the message of protobuf-es, from a chunk that has other octets around the message and is overwritten afterwards. */
function expectSame(plan: DecodingPlan, desc: DescMessage, data: Buffer, options?: Partial<BinaryReadOptions>): void {
  const expected = fromBinary(desc, new Uint8Array(data), options)
  const message = decode(plan, desc, data, options)
  expectSameMessage(message, expected)
}

function decode(plan: DecodingPlan, desc: DescMessage, data: Uint8Array, options?: Partial<BinaryReadOptions>) {
  const decoder = compiledDecoder(desc, { options, budgetBytes: BUDGET_BYTES }, plan)
  const chunk = octets(tag(3), data, tag(3), 1, Buffer.alloc(20))
  const message = decoder.decode(chunk, 1, 1 + data.byteLength)
  chunk.fill(0xaa)
  return message
}

function attempt<T>(run: () => T): T | null {
  try {
    return run()
  } catch {
    return null
  }
}

function typeOf(name: string): DescMessage {
  return name === 'sample.Old' ? Groups : codecType(name)
}
