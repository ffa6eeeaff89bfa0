import { isIPv6, SocketAddress } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { expect, it } from 'vitest'
import { addressText } from '../../../../../console/app/live/channelz/address-text.ts'
import { type Address, AddressSchema } from '../../../../../gen/channelz_pb.js'

function tcp(octets: readonly number[], port: number): Address {
  return create(AddressSchema, {
    address: { case: 'tcpipAddress', value: { ipAddress: Uint8Array.from(octets), port } },
  })
}

/** The 16 octets of an address whose groups are given in full. */
function groups(...numbers: readonly number[]): number[] {
  return numbers.flatMap((group) => [group >> 8, group & 0xff])
}

it.each([
  [[127, 0, 0, 1], '127.0.0.1:80'],
  [groups(0, 0, 0, 0, 0, 0, 0, 1), '[::1]:80'],
  [groups(0, 0, 0, 0, 0, 0, 0, 0), '[::]:80'],
  [groups(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), '[2001:db8::]:80'],
  [groups(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), '[2001:db8:0:1:1:1:1:1]:80'],
  [groups(0x2001, 0, 0, 1, 0, 0, 0, 1), '[2001:0:0:1::1]:80'],
  [groups(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '[2001:db8::1:0:0:1]:80'],
  [groups(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1), '[::ffff:10.0.0.1]:80'],
  [groups(1, 2, 3, 4, 5, 6, 7, 8), '[1:2:3:4:5:6:7:8]:80'],
])('writes %j', (octets, text) => {
  expect(addressText(tcp(octets, 80))).toBe(text)
  const [, inner = ''] = /^\[(.*)\]/.exec(text) ?? []
  if (inner === '') return
  expect(isIPv6(inner)).toBe(true)
  // What Node reads from the text is the same address.
  expect(new SocketAddress({ address: inner, family: 'ipv6' }).address).toBe(inner)
})

it('writes other addresses, and none', () => {
  const uds = create(AddressSchema, { address: { case: 'udsAddress', value: { filename: '/run/app.sock' } } })
  const other = create(AddressSchema, { address: { case: 'otherAddress', value: { name: 'pipe' } } })
  expect([uds, other, create(AddressSchema), undefined].map(addressText)).toEqual(['/run/app.sock', 'pipe', '', ''])
})

it.each([[[]], [[1, 2]], [Array.from({ length: 300 }, () => 1)]])('survives addresses of any length: %j', (octets) => {
  expect(addressText(tcp(octets, 1))).toMatch(/:1$/)
})
