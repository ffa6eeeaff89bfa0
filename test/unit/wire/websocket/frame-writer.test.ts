/** The frames that a server sends. */
import { expect, test } from 'vitest'
import { readClosePayload } from '../../../../wire/websocket/close-payload.ts'
import { binaryFrame, closeFrame, controlFrame } from '../../../../wire/websocket/frame-writer.ts'
import { acceptOf, isHandshakeKey, listItems } from '../../../../wire/websocket/handshake-key.ts'
import { unmask } from '../../../../wire/websocket/unmask.ts'
import { serverFrames } from '../../../support/websocket/frames.ts'

test.each([0, 1, 125, 126, 4_096, 4_097, 65_535, 65_536, 200_000])('a message of %i octets is one frame', (length) => {
  const data = Buffer.alloc(length, 'ab')
  const [frame, ...others] = serverFrames(Buffer.concat(binaryFrame(data)))
  expect(others).toEqual([])
  expect(frame).toMatchObject({ opcode: 2, isLast: true })
  expect(frame?.payload.equals(data)).toBe(true)
})

test('control frames have their payload', () => {
  expect([...controlFrame(10, Buffer.from('pong'))]).toEqual([0x8a, 4, ...Buffer.from('pong')])
})

test.each([
  [1000, 'done', 'done'],
  [1011, '', ''],
  [1008, 'x'.repeat(200), 'x'.repeat(123)],
  [1008, `${'x'.repeat(122)}☺`, 'x'.repeat(122)],
])('a close frame with code %i and a reason is readable', (code, reason, read) => {
  const [frame] = serverFrames(closeFrame(code, reason))
  expect(frame?.opcode).toBe(8)
  expect(readClosePayload(frame?.payload as Buffer)).toEqual({ code, reason: read })
})

test('a close frame without a code is empty', () => {
  expect([...closeFrame(1005)]).toEqual([0x88, 0])
})

test('the example of RFC 6455 is accepted with the key of RFC 6455', () => {
  expect(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test.each(['', 'c2hvcnQ=', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZQ==x', 'dGhlIHNhbXBsZSBub25j!Q=='])(
  '%j is no key',
  (key) => {
    expect(isHandshakeKey(key)).toBe(false)
  },
)

test('items of lists', () => {
  expect(listItems(' a,b , ,c')).toEqual(['a', 'b', 'c'])
  expect(listItems(undefined)).toEqual([])
})

test('unmasking from any offset, in any range, is the exclusive or with the mask', () => {
  const mask = Buffer.from([1, 2, 4, 128])
  const octets = Buffer.from(Array.from({ length: 40 }, (_, at) => at * 7))
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= octets.length; end++) {
      for (let offset = 0; offset < 5; offset++) {
        const expected = octets.map((octet, at) =>
          at < start || at >= end ? octet : octet ^ (mask[(at - start + offset) % 4] as number),
        )
        const actual = Buffer.from(octets)
        unmask(actual, start, end, mask, offset)
        expect(actual.equals(expected)).toBe(true)
      }
    }
  }
})
