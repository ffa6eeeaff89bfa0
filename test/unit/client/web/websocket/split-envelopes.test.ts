/** Envelopes in any division into messages. */
import { Code } from '@connectrpc/connect'
import { createAsyncIterable, encodeEnvelope } from '@connectrpc/connect/protocol'
import { expect, test } from 'vitest'
import { splitEnvelopes } from '../../../../../client/web/websocket/split-envelopes.ts'
import { collect } from '../../../../support/collect.ts'

const ENVELOPES = [
  { flags: 0x80, data: Uint8Array.of(1, 2, 3) },
  { flags: 0, data: new Uint8Array() },
  { flags: 0, data: Uint8Array.of(4) },
]
const OCTETS = Buffer.concat(ENVELOPES.map(({ flags, data }) => encodeEnvelope(flags, data)))

function split(messages: readonly Uint8Array[], readMaxBytes = 10) {
  return collect(splitEnvelopes(createAsyncIterable([...messages]), readMaxBytes))
}

test.each([1, 2, 3, 5, 8, 100])('messages of %i octets', async (length) => {
  const count = Math.ceil(OCTETS.length / length)
  const messages = Array.from({ length: count }, (_, index) => OCTETS.subarray(index * length, (index + 1) * length))
  expect(await split(messages)).toEqual(ENVELOPES)
  expect(await split(messages.flatMap((message) => [new Uint8Array(), message]))).toEqual(ENVELOPES)
})

test('an envelope that ends too early is none', async () => {
  expect(await split([OCTETS.subarray(0, -1)])).toEqual(ENVELOPES.slice(0, 2))
})

test('a length above the limit is refused before its octets arrive', async () => {
  await expect(split([Uint8Array.of(0, 0, 0, 0, 11)])).rejects.toMatchObject({ code: Code.ResourceExhausted })
  expect(await split([encodeEnvelope(0, new Uint8Array(10))])).toHaveLength(1)
})

test('many octets in messages of their own are no trouble', async () => {
  const octets = encodeEnvelope(0, new Uint8Array(300_000))
  const messages = Array.from(octets, (octet) => Uint8Array.of(octet))
  expect((await split(messages, 300_000))[0]?.data.byteLength).toBe(300_000)
})
