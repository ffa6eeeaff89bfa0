import { expect, test } from 'vitest'
import { parseTarget } from '../../../client/node/resolver/parse-target.ts'
import type { EtcdRegistrarOptions } from '../../../registry/etcd/etcd-options.ts'
import { etcdRegistrar, etcdRegistrarOfUrl } from '../../../registry/etcd/etcd-registrar.ts'
import { etcdResolver } from '../../../registry/etcd/etcd-resolver.ts'
import { parseRegistryUrl } from '../../../registry/url/registry-url.ts'

test.each<[object, string]>([
  [{ endpoints: [] }, 'etcdRegistrar: endpoints is empty'],
  [{ endpoints: ['http://a:1'] }, 'etcdRegistrar: endpoints must have the form host:port, without a scheme'],
  [{ endpoints: ['me:secret@a:1'] }, 'etcdRegistrar: endpoints must have the form host:port'],
  [{ endpoints: ['a:70000'] }, 'it must be from 1 to 65535'],
  [{ endpoints: [1] }, 'etcdRegistrar: endpoints must have the form host:port'],
  [{ username: 'me' }, 'etcdRegistrar: username and password must be given together'],
  [{ timeoutMs: 1 }, 'etcdRegistrar: timeoutMs is 1, and must be a whole number from 100 to 60000'],
  [{ ttlMs: 1_000 }, 'etcdRegistrar: ttlMs is 1000, and must be whole seconds from 2000 to 3600000'],
  [{ ttlMs: 2_500 }, 'etcdRegistrar: ttlMs is 2500, and must be whole seconds from 2000 to 3600000'],
  [{ ttlMs: Number.NaN }, 'etcdRegistrar: ttlMs is NaN'],
  [{ ttl: 5 }, 'etcdRegistrar: ttl is unknown'],
  [{ tls: { caPath: 'a' } }, 'etcdRegistrar: tls.caPath is unknown'],
])('rejects %j', (options, fault) => {
  expect(() => etcdRegistrar(options as EtcdRegistrarOptions)).toThrow(RangeError)
  expect(() => etcdRegistrar(options as EtcdRegistrarOptions)).toThrow(fault)
})

test.each([
  ['etcd:///greeter', 'greeter'],
  ['etcd:greeter', 'greeter'],
  ['etcd:///team/greeter', 'team%2Fgreeter'],
  ['etcd://10.0.0.1,[::1]:2379/greeter', 'greeter'],
])('the authority of %s is its service', (text, authority) => {
  const factory = etcdResolver()
  expect(factory.defaultAuthority(parseTarget(text, [factory]).target)).toBe(authority)
})

test.each([
  ['etcd:///', 'it must have the form etcd:///service'],
  ['etcd:////greeter', 'it must have the form etcd:///service'],
  ['etcd:///greeter/', 'it must have the form etcd:///service'],
  ['etcd://me:secret@a:1/greeter', 'the target must not have credentials: give them to etcdResolver'],
  ['etcd://a:70000/greeter', 'it must be from 1 to 65535'],
])('rejects the target %s', (text, fault) => {
  const factory = etcdResolver()
  const { target } = parseTarget(text, [factory])
  expect(() => factory.defaultAuthority(target)).toThrow(fault)
})

test.each([
  'etcd:///greeter',
  'etcd://a,b:1/greeter?ttl=30&weight=2',
  'etcd://me:secret@a/greeter?tls=true',
  'etcd://a/greeter?tls=false',
])('takes the URL %s', (text) => {
  expect(etcdRegistrarOfUrl(parseRegistryUrl(text)).name).toBe('etcd')
})

test.each([
  ['etcd://a/greeter?ttl=x', 'ttlMs is NaN'],
  ['etcd://a/greeter?tls=maybe', 'etcd: tls must be true or false'],
  ['etcd://a/greeter?sharded=1', 'etcd: the parameter sharded is unknown'],
])('rejects the URL %s', (text, fault) => {
  expect(() => etcdRegistrarOfUrl(parseRegistryUrl(text))).toThrow(fault)
})
