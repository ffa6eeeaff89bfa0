import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { acceptedCompression, requestCompression } from '../../../../server/rpc/call-compression.ts'
import { brotli, gzip } from '../../../../wire/compression/compression.ts'

const AVAILABLE = [gzip, brotli]

test.each([
  ['identity', undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['br', 'br'],
])('a request in %j is decompressed by %j', (encoding, name) => {
  expect(requestCompression(AVAILABLE, encoding, 'accept-it')?.name).toBe(name)
})

test.each([
  ['', undefined],
  ['br', 'br'],
  ['identity', undefined],
  ['snappy', undefined],
  ['br, gzip', 'br'],
  ['deflate,gzip', 'gzip'],
  ['identity,gzip', undefined],
  // Weights, right and wrong.
  ['gzip;q=0.5, br', 'br'],
  ['gzip;q=1', 'gzip'],
  ['gzip; q=0', undefined],
  ['gzip;q=0.1, identity;q=0.5', undefined],
  ['gzip;q=lots, br;q=0.001', 'br'],
])('of %j, %j is sent', (accepted, name) => {
  expect(acceptedCompression(AVAILABLE, accepted)?.name).toBe(name)
})

test('an unknown request encoding is UNIMPLEMENTED, and lists the supported ones', () => {
  const error = (() => {
    try {
      return requestCompression(AVAILABLE, 'snappy', 'accept-it')
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toBeInstanceOf(ConnectError)
  expect(error).toMatchObject({ code: Code.Unimplemented, rawMessage: expect.stringContaining('"snappy"') })
  expect((error as ConnectError).metadata.get('accept-it')).toBe('gzip,br')
})
