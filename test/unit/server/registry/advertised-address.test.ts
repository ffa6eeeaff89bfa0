import { expect, test } from 'vitest'
import { type AdvertisedAddressOptions, advertisedAddress } from '../../../../server/registry/advertised-address.ts'

const netmask = '255.255.255.0'
const mac = '00:00:00:00:00:00'
const four = (address: string, internal = false) =>
  ({ address, internal, family: 'IPv4', netmask, mac, cidr: null }) as const
const six = (address: string) =>
  ({ address, internal: false, family: 'IPv6', netmask, mac, cidr: null, scopeid: 0 }) as const

const interfaces: AdvertisedAddressOptions['interfaces'] = {
  lo: [four('127.0.0.1', true)],
  eth0: [four('169.254.1.1'), six('fe80::1'), six('2001:db8::1'), four('10.0.0.7')],
}
const at = (address: string, port = 8_080) => ({ address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' })

test.each<[string, Partial<AdvertisedAddressOptions>, string | undefined]>([
  ['the address that the server listens on', { addresses: [at('10.0.0.9')] }, '10.0.0.9 8080'],
  ['an address of the machine for 0.0.0.0', { addresses: [at('0.0.0.0')] }, '10.0.0.7 8080'],
  ['an address of the machine for ::', { addresses: [at('::')] }, '10.0.0.7 8080'],
  [
    'its IPv6 address if it has no other',
    { addresses: [at('::')], interfaces: { e: [six('2001:db8::1')] } },
    '2001:db8::1 8080',
  ],
  ['the loopback without any other', { addresses: [at('0.0.0.0')], interfaces: {} }, '127.0.0.1 8080 loopback'],
  ['the loopback that the server listens on', { addresses: [at('127.0.0.1'), at('::1')] }, '127.0.0.1 8080 loopback'],
  ['another address before the loopback', { addresses: [at('::1'), at('10.0.0.9')] }, '10.0.0.9 8080'],
  ['what the operator set', { addresses: [at('127.0.0.1')], host: 'a.example', port: 443 }, 'a.example 443'],
  ['the port that the server listens on beside the host that is set', { addresses: [at('::')], host: 'b' }, 'b 8080'],
  ['what is set beside a Unix socket', { addresses: ['/run/app.sock'], host: 'a', port: 1 }, 'a 1'],
  ['nothing for a Unix socket', { addresses: ['/run/app.sock'], host: 'a' }, undefined],
])('advertises %s', (_what, options, expected) => {
  const found = advertisedAddress({ addresses: [], interfaces, ...options })
  const text = found && `${found.host} ${found.port}${found.isLoopback ? ' loopback' : ''}`
  expect(text).toBe(expected)
})
