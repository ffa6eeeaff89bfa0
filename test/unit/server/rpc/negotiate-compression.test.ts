import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { negotiateCompression } from '../../../../server/rpc/negotiate-compression.ts'
import { brotli, gzip } from '../../../../wire/compression.ts'

const AVAILABLE = [gzip, brotli]

function negotiate(requested: string | undefined, accepted: string | undefined) {
  const { request, response } = negotiateCompression(AVAILABLE, { requested, accepted, acceptHeader: 'accept-it' })
  return [request?.name, response?.name]
}

test.each([
  // Requested, accepted; what is used for the request and for the response.
  [undefined, undefined, undefined, undefined],
  ['identity', undefined, undefined, undefined],
  ['', '', undefined, undefined],
  // A client that accepts nothing in particular can read what it writes.
  ['gzip', undefined, 'gzip', 'gzip'],
  ['br', ' ', 'br', 'br'],
  // Each direction for itself.
  ['gzip', 'br', 'gzip', 'br'],
  ['gzip', 'identity', 'gzip', undefined],
  ['gzip', 'snappy', 'gzip', undefined],
  [undefined, 'br, gzip', undefined, 'br'],
  [undefined, 'deflate,gzip', undefined, 'gzip'],
  [undefined, 'identity,gzip', undefined, undefined],
  // Weights, right and wrong.
  [undefined, 'gzip;q=0.5, br', undefined, 'br'],
  [undefined, 'gzip;q=1', undefined, 'gzip'],
  [undefined, 'gzip; q=0', undefined, undefined],
  [undefined, 'gzip;q=0.1, identity;q=0.5', undefined, undefined],
  [undefined, 'gzip;q=lots, br;q=0.001', undefined, 'br'],
])('%j and %j', (requested, accepted, request, response) => {
  expect(negotiate(requested, accepted)).toEqual([request, response])
})

test('an unknown encoding of the request is UNIMPLEMENTED, and says what would have been right', () => {
  const error = (() => {
    try {
      return negotiate('snappy', 'gzip')
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toBeInstanceOf(ConnectError)
  expect(error).toMatchObject({ code: Code.Unimplemented, rawMessage: expect.stringContaining('"snappy"') })
  expect((error as ConnectError).metadata.get('accept-it')).toBe('gzip,br')
})
