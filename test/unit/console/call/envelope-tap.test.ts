import { expect, it } from 'vitest'
import { EnvelopeTap } from '../../../../console/app/call/protocols/envelope-tap.ts'
import { readEndStream, readFieldBlock } from '../../../../console/app/call/protocols/field-block.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

function envelope(flags: number, payload: Uint8Array): Uint8Array {
  const octets = new Uint8Array(5 + payload.length)
  octets[0] = flags
  new DataView(octets.buffer).setUint32(1, payload.length)
  octets.set(payload, 5)
  return octets
}

it('finds sizes and trailers however the octets are split', () => {
  const random = new SeededRandom(3)
  for (let turn = 0; turn < 300; turn++) {
    const sizes = Array.from({ length: random.below(5) }, () => random.below(20))
    const trailers = new TextEncoder().encode('grpc-status: 0\r\n')
    const octets = Buffer.concat([
      ...sizes.map((size) => envelope(random.below(2), random.bytes(size))),
      envelope(0x80, trailers),
    ])
    const tap = new EnvelopeTap()
    for (let at = 0; at < octets.length; ) {
      const part = octets.subarray(at, at + 1 + random.below(9))
      tap.feed(part)
      at += part.length
    }
    expect(sizes.map(() => tap.takeSize())).toEqual(sizes)
    expect(tap.end).toEqual(trailers)
  }
})

it('has no trailers until they are whole', () => {
  const tap = new EnvelopeTap()
  tap.feed(envelope(2, new TextEncoder().encode('{}')).subarray(0, 6))
  expect(tap.end).toBeNull()
})

it('keeps no end that is too long to show', () => {
  const tap = new EnvelopeTap()
  tap.feed(envelope(0x80, new Uint8Array(70_000)))
  tap.feed(envelope(0, new Uint8Array(3)))
  expect(tap.end).toBeNull()
  expect(tap.takeSize()).toBe(3)
})

it('reads the trailers of gRPC-Web', () => {
  const block = 'Grpc-Status:0\r\nx-b: a: b \r\nx-b:second\r\n\r\nnonsense'
  expect(readFieldBlock(new TextEncoder().encode(block))).toEqual([
    ['grpc-status', '0'],
    ['x-b', 'a: b'],
    ['x-b', 'second'],
  ])
})

it.each([
  [
    '{"metadata":{"x-a":["1","2"]}}',
    [
      ['x-a', '1'],
      ['x-a', '2'],
    ],
  ],
  ['{"error":{"code":"aborted"}}', []],
  ['not json', []],
  ['null', []],
  ['{"metadata":{"x-a":"1"}}', []],
])('reads the metadata at the end of a stream of Connect: %s', (text, fields) => {
  expect(readEndStream(new TextEncoder().encode(text))).toEqual(fields)
})

it('takes the last of several envelopes that end the stream', () => {
  const tap = new EnvelopeTap()
  tap.feed(Uint8Array.of(0x80, 0, 0, 0, 3, 1, 2, 3, 0x80, 0, 0, 0, 2, 4, 5))
  expect(tap.end).toEqual(Uint8Array.of(4, 5))
})
