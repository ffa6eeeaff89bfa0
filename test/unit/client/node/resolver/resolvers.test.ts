import { describe, expect, it } from 'vitest'
import { dnsResolver } from '../../../../../client/node/resolver/dns-resolver.ts'
import { fileResolver } from '../../../../../client/node/resolver/file-resolver.ts'
import { ipv4Resolver, ipv6Resolver } from '../../../../../client/node/resolver/ip-resolver.ts'
import { parseTarget } from '../../../../../client/node/resolver/parse-target.ts'
import { passthroughResolver } from '../../../../../client/node/resolver/passthrough-resolver.ts'
import { srvResolver } from '../../../../../client/node/resolver/srv-resolver.ts'
import { staticResolver } from '../../../../../client/node/resolver/static-resolver.ts'
import { unixAbstractResolver, unixResolver } from '../../../../../client/node/resolver/unix-resolver.ts'
import { type ResolverCase, testResolver } from '../../../../support/contracts/resolver-contract.ts'

const createLookup = () => ({
  addresses: async () => ['10.0.0.1', '::1'],
  texts: async () => [],
  services: async () => [{ name: 'a', port: 80, priority: 1, weight: 0 }],
})

const CASES: readonly ResolverCase[] = [
  {
    factory: dnsResolver({ createLookup }),
    target: 'dns:///greeter.example:80',
    finds: ['10.0.0.1:80', '[::1]:80'],
    authority: 'greeter.example:80',
    badTarget: 'dns:///greeter.example:',
  },
  {
    factory: ipv4Resolver,
    target: 'ipv4:10.0.0.1:80,10.0.0.2',
    finds: ['10.0.0.1:80', '10.0.0.2:443'],
    authority: '10.0.0.1:80',
    badTarget: 'ipv4://x/10.0.0.1',
  },
  {
    factory: ipv6Resolver,
    target: 'ipv6:[::1]:80,::2',
    finds: ['[::1]:80', '[::2]:443'],
    authority: '[::1]:80',
    badTarget: 'ipv6:x',
  },
  {
    factory: unixResolver,
    target: 'unix:/run/app.sock',
    finds: ['unix:/run/app.sock'],
    authority: 'localhost',
    badTarget: 'unix://host/run/app.sock',
  },
  {
    factory: unixAbstractResolver,
    target: 'unix-abstract:app',
    finds: ['unix-abstract:app'],
    authority: 'localhost',
    badTarget: 'unix-abstract:',
  },
  {
    factory: passthroughResolver,
    target: 'passthrough:///greeter:80',
    finds: ['greeter:80'],
    authority: 'greeter:80',
    badTarget: 'passthrough:///a b',
  },
  {
    factory: staticResolver(),
    target: 'static:///a:1,b:2',
    finds: ['a:1', 'b:2'],
    authority: 'a:1',
    badTarget: 'static:///a:x',
  },
  {
    factory: srvResolver({ createLookup }),
    target: 'srv:///_grpc._tcp.greeter.example',
    finds: ['10.0.0.1:80|[::1]:80'],
    authority: 'greeter.example',
    badTarget: 'srv:///greeter:80',
  },
  {
    factory: fileResolver({ read: async () => '["a:1", "b:2"]', watch: () => () => {} }),
    target: 'file:///etc/greeter.json',
    finds: ['a:1', 'b:2'],
    authority: 'localhost',
    badTarget: 'file:///',
  },
]

it.each([
  ['dns://dns.example/greeter.example', dnsResolver()],
  ['dns://10.0.0.1:99999/greeter.example', dnsResolver()],
  ['srv://dns.example/_grpc._tcp.greeter.example', srvResolver()],
])('%s is not a DNS server, which is an error when its channel is created', (text, factory) => {
  const { target } = parseTarget(text, [factory])
  expect(() => factory.defaultAuthority(target)).toThrow(RangeError)
  expect(() => factory.defaultAuthority(target)).toThrow(`the DNS server is "${target.authority}"`)
})

it.each([0, -1, 0.5, Number.NaN])('rejects %d ms between lookups', (ms) => {
  expect(() => dnsResolver({ minIntervalMs: ms })).toThrow(`minIntervalMs is ${ms}: it must be at least 1`)
  expect(() => dnsResolver({ refreshMs: ms })).toThrow(`refreshMs is ${ms}: it must be at least 1`)
  expect(() => srvResolver({ refreshMs: ms })).toThrow(`refreshMs is ${ms}: it must be at least 1`)
})

describe.each(CASES)('resolver of $factory.scheme', testResolver)
