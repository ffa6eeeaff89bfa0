import { createContextValues, type HandlerContext } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { localCallersOnly } from '../../../../server/admin/admin-access.ts'
import { peerKey } from '../../../../server/rpc/context-keys.ts'

function callFrom(address: string, headers: Record<string, string> = {}): HandlerContext {
  const values = createContextValues().set(peerKey, { address, port: 1, tls: undefined, certificate: undefined })
  return { values, requestHeader: new Headers(headers) } as unknown as HandlerContext
}

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['192.0.2.1', false],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['::ffff:192.0.2.1', false],
  ['fe80::1%eth0', false],
  ['2001:db8::1', false],
  ['unknown', false],
])('a caller at %s: %s', (address, expected) => {
  expect(localCallersOnly(() => true)(callFrom(address))).toBe(expected)
})

test('a caller without an address is local only on a Unix socket, as closed connections have none either', () => {
  expect(localCallersOnly(() => true)(callFrom(''))).toBe(true)
  expect(localCallersOnly(() => false)(callFrom(''))).toBe(false)
  expect(localCallersOnly(() => true)(callFrom('', { 'x-forwarded-for': '192.0.2.1' }))).toBe(false)
})
