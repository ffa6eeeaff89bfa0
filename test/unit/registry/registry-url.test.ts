import { expect, test } from 'vitest'
import { parametersOf, parseRegistryUrl } from '../../../registry/url/registry-url.ts'

test('parses hosts, credentials, the service, metadata and parameters', () => {
  const url = parseRegistryUrl(
    'etcd://me%40a:p:w%2F@a:1,[::1]:2/shop/greeter?weight=2&zone=z&version=1.0&ttl=5&tls=true',
  )
  expect(url).toEqual({
    scheme: 'etcd',
    hosts: ['a:1', '[::1]:2'],
    username: 'me@a',
    password: 'p:w/',
    service: 'shop/greeter',
    metadata: { weight: 2, zone: 'z', version: '1.0' },
    parameters: new Map([
      ['ttl', '5'],
      ['tls', 'true'],
    ]),
  })
  expect(parametersOf(url, ['ttl', 'tls'])).toEqual({ ttl: '5', tls: 'true' })
})

test('hosts and credentials may be left out', () => {
  expect(parseRegistryUrl('Consul:///greeter')).toMatchObject({ scheme: 'consul', hosts: [], service: 'greeter' })
  expect(parseRegistryUrl('etcd://a/b').username).toBeUndefined()
})

test.each(['greeter', 'etcd:greeter', 'etcd://a', 'etcd://a/', 'etcd://:secret@a/%zz', 'etcd://u:secret@a@b/c'])(
  'rejects %s without showing it',
  (text) => {
    expect(() => parseRegistryUrl(text)).toThrow(RangeError)
    expect(() => parseRegistryUrl(text)).not.toThrow(/secret/)
  },
)

test('rejects a parameter that the registry does not know', () => {
  expect(() => parametersOf(parseRegistryUrl('etcd://a/b?tll=5'), ['ttl'])).toThrow(
    'etcd: the parameter tll is unknown: use weight, zone, version, ttl',
  )
})
