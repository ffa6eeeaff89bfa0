import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGrpcMessage, MAX_MESSAGE_BYTES } from '../../../wire/status-fields.ts'

describe('grpc-message', () => {
  test.each([
    ['plain text', 'plain text'],
    ['', ''],
    ['100 %', '100 %25'],
    ['tab\tnewline\r\n', 'tab%09newline%0D%0A'],
    ['ß 你好 🐟', '%C3%9F %E4%BD%A0%E5%A5%BD %F0%9F%90%9F'],
    ['half a pair \ud800', 'half a pair %EF%BF%BD'],
  ])('MD-10 %j', (text, encoded) => {
    expect(encodeGrpcMessage(text)).toBe(encoded)
  })

  test('a long text is truncated between characters', () => {
    const encoded = encodeGrpcMessage(`${'a'.repeat(MAX_MESSAGE_BYTES - 2)}🐟 and more`)
    expect(encoded).toBe('a'.repeat(MAX_MESSAGE_BYTES - 2))
    expect(encodeGrpcMessage('b'.repeat(MAX_MESSAGE_BYTES + 1))).toHaveLength(MAX_MESSAGE_BYTES)
  })

  test('any text becomes printable and reads back as its beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (text) => {
        const encoded = encodeGrpcMessage(text)
        expect(encoded).toMatch(/^[\x20-\x7e]*$/)
        expect(text.startsWith(decodeURIComponent(encoded))).toBe(true)
      }),
    )
  })
})
