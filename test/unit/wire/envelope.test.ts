import { expect, test } from 'vitest'
import { EnvelopeFlag, envelop, envelopePrefix } from '../../../wire/envelope.ts'

test('a message follows its flags and its length', () => {
  expect([...envelop(EnvelopeFlag.COMPRESSED, Buffer.from('ab'))]).toEqual([1, 0, 0, 0, 2, 97, 98])
  expect([...envelop(EnvelopeFlag.NONE, Buffer.alloc(0))]).toEqual([0, 0, 0, 0, 0])
})

test('a suffix follows the message and is not counted', () => {
  expect([...envelop(EnvelopeFlag.NONE, Buffer.from('a'), Buffer.from('z'))]).toEqual([0, 0, 0, 0, 1, 97, 122])
})

test.each([0, 0xff, 0x1_00, 0xab_cd_ef, 0xff_ff_ff_ff])('a length of %i is big-endian', (length) => {
  const prefix = envelopePrefix(EnvelopeFlag.TRAILERS, length)
  expect(prefix).toHaveLength(5)
  expect(prefix[0]).toBe(0x80)
  expect(prefix.readUInt32BE(1)).toBe(length)
})
