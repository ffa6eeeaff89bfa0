/** What the registry in NATS accepts, without a server. */
import { expect, test } from 'vitest'
import { parseTarget } from '../../../../client/node/resolver/parse-target.ts'
import { instanceKey, instanceValue, readInstance, serviceKeys } from '../../../../registry/nats/nats-layout.ts'
import { natsRegistrar, natsRegistrarOfUrl } from '../../../../registry/nats/nats-registrar.ts'
import { natsResolver } from '../../../../registry/nats/nats-resolver.ts'
import { parseRegistryUrl } from '../../../../registry/url/registry-url.ts'
import { parseNatsAddress } from '../../../../wire/nats/nats-address.ts'

test.each([
  [{ server: ['a:1'] }, 'natsRegistrar: server is unknown: did you mean servers?'],
  [{ servers: [] }, 'natsRegistrar: servers is empty, and must have a host:port'],
  [{ servers: ['nats://u:secret@a'] }, 'natsRegistrar: servers must have the form host:port, without a scheme'],
  [{ servers: ['a:0'] }, 'the port of "a:0" is "0": it must be from 1 to 65535'],
  [{ bucket: 'a.b' }, 'natsRegistrar: bucket must be 1 to 64 letters, digits, _ and -'],
  [{ ttlMs: 999 }, 'natsRegistrar: ttlMs is 999, and must be a whole number from 1000 to 3600000'],
  [{ replicas: 6 }, 'natsRegistrar: replicas is 6, and must be a whole number from 1 to 5'],
  [{ timeoutMs: 0.5 }, 'natsRegistrar: timeoutMs is 0.5, and must be a whole number from 100 to 60000'],
  [{ username: 'u' }, 'natsRegistrar: username and password must be given together'],
  [{ token: 't', credentials: 'c' }, 'natsRegistrar: only one of username, token and credentials may be given'],
  [{ tls: { cert: 'c' } }, 'tls.cert and tls.key must come together'],
  [{ tls: { servername: 'a' } }, 'natsRegistrar: tls.servername is unknown'],
])('natsRegistrar rejects %j', (options, message) => {
  expect(() => natsRegistrar(options as object)).toThrow(message)
})

test.each([
  ['nats:///', 'the target names the service ""'],
  ['nats://u:secret@a/greeter', 'the target must not have credentials: give them to natsResolver'],
  ['nats://a:b/greeter', 'the port of "a:b:4222"'],
])('natsResolver rejects the target %s', (text, message) => {
  const factory = natsResolver()
  expect(() => factory.defaultAuthority(parseTarget(text, [factory]).target)).toThrow(RangeError)
  expect(() => factory.defaultAuthority(parseTarget(text, [factory]).target)).toThrow(message)
})

test('a URL names servers, credentials and settings', () => {
  const url = 'nats://u:p%40@a:1,b/greeter?bucket=fleet&ttl=5&tls=true&weight=2'
  expect(natsRegistrarOfUrl(parseRegistryUrl(url)).name).toBe('nats')
  expect(() => natsRegistrarOfUrl(parseRegistryUrl('nats://a/greeter?ttl=0'))).toThrow('natsRegistrar: ttlMs is 0')
  expect(() => natsRegistrarOfUrl(parseRegistryUrl('nats://a/greeter?tls=yes'))).toThrow('nats: tls must be true or')
  expect(() => natsRegistrarOfUrl(parseRegistryUrl('nats://a/greeter?ssl=true'))).toThrow('nats: the parameter ssl is')
})

test('keys keep services apart, whatever their names are', () => {
  const instance = { id: 'x.y', host: '::1', port: 8080, isSecure: true, metadata: { weight: 2 } }
  const services = ['a', 'a.b', 'a/b', 'A', 'a b', 'a*', 'a>', 'ä', 'a=2eb', '.', '-']
  const keys = services.map((service) => instanceKey({ ...instance, service }))
  expect(new Set(keys).size).toBe(services.length)
  for (const [index, key] of keys.entries()) {
    expect(key).toMatch(/^[\w=/-]+\.x=2ey$/)
    expect(serviceKeys(services[index] ?? '')).toBe(key.replace('x=2ey', '*'))
  }
  const value = instanceValue({ ...instance, service: 'a' }, 15_000)
  expect(value).toBe('{"address":"[::1]:8080","tls":true,"ttlMs":15000,"metadata":{"weight":2}}')
  const endpoint = { addresses: [{ host: '::1', port: 8080 }], attributes: { weight: 2 } }
  expect(readInstance(value)).toEqual({ ttlMs: 15_000, endpoint })
})

test.each([
  ['nats://a', { servers: ['a:4222'], isSecure: false }],
  ['a:1', { servers: ['a:1'], isSecure: false }],
  ['nats://[::1]:2', { servers: ['[::1]:2'], isSecure: false }],
  ['tls://u:p%40@a:1, nats://b', { servers: ['a:1', 'b:4222'], isSecure: true, user: 'u', pass: 'p@' }],
  ['nats://t@a', { servers: ['a:4222'], isSecure: false, token: 't' }],
])('parses the address %s', (text, address) => {
  expect(parseNatsAddress(text)).toEqual(address)
})

test.each(['', 'http://u:secret@a', 'nats://', 'nats://u:secret@', 'nats://a:99999', 'nats://u:%zz@a'])(
  'rejects the address %j without showing it',
  (text) => {
    expect(() => parseNatsAddress(text)).toThrow(/^the URL of NATS (?!.*secret)/)
  },
)
