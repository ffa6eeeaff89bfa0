import { expect, test } from 'vitest'
import { HTTP2_PREFACE, sniff } from '../../../../server/listen/sniff.ts'

test('every prefix of the preface is undecided, and the whole one is HTTP/2', () => {
  for (let length = 0; length < HTTP2_PREFACE.length; length++) {
    expect(sniff(HTTP2_PREFACE.subarray(0, length))).toBeUndefined()
  }
  expect(sniff(HTTP2_PREFACE)).toBe('http2')
  expect(sniff(Buffer.concat([HTTP2_PREFACE, Buffer.from([1])]))).toBe('http2')
})

test.each([
  ['P', undefined],
  ['POST / HTTP/1.1', 'http1'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\rX', 'http1'],
  ['\x16', 'tls'],
  ['\x16\x03\x01', 'tls'],
  ['\0', 'http1'],
])('%j is %s', (bytes, protocol) => {
  expect(sniff(Buffer.from(bytes, 'latin1'))).toBe(protocol)
})
