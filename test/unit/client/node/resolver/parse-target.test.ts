import { describe, expect, it } from 'vitest'
import type { ResolverFactory } from '../../../../../client/node/contracts/resolver.ts'
import { DEFAULT_RESOLVERS } from '../../../../../client/node/resolver/default-resolvers.ts'
import { parseTarget } from '../../../../../client/node/resolver/parse-target.ts'
import { ResolverBench } from '../../../../support/contracts/resolver-bench.ts'

/** Target, scheme, authority, endpoint. */
const TARGETS: readonly [string, string, string, string][] = [
  ['dns:///greeter.example:80', 'dns', '', 'greeter.example:80'],
  ['dns://8.8.8.8/greeter.example', 'dns', '8.8.8.8', 'greeter.example'],
  ['dns://8.8.8.8:53/greeter.example:1', 'dns', '8.8.8.8:53', 'greeter.example:1'],
  ['dns:greeter.example', 'dns', '', 'greeter.example'],
  ['dns:greeter.example:80', 'dns', '', 'greeter.example:80'],
  ['DNS:///Greeter.example', 'dns', '', 'Greeter.example'],
  ['dns:///', 'dns', '', ''],
  ['dns:', 'dns', '', ''],
  ['greeter.example', 'dns', '', 'greeter.example'],
  ['greeter.example:80', 'dns', '', 'greeter.example:80'],
  ['localhost:50051', 'dns', '', 'localhost:50051'],
  [':80', 'dns', '', ':80'],
  ['[::1]:80', 'dns', '', '[::1]:80'],
  ['::1', 'dns', '', '::1'],
  ['10.0.0.1:80', 'dns', '', '10.0.0.1:80'],
  ['https://greeter.example', 'dns', '', 'https://greeter.example'],
  ['/run/app.sock', 'dns', '', '/run/app.sock'],
  ['unix:run/app.sock', 'unix', '', 'run/app.sock'],
  ['unix:/run/app.sock', 'unix', '', '/run/app.sock'],
  ['unix:///run/app.sock', 'unix', '', 'run/app.sock'],
  ['unix-abstract:app', 'unix-abstract', '', 'app'],
  ['ipv4:10.0.0.1:80,10.0.0.2', 'ipv4', '', '10.0.0.1:80,10.0.0.2'],
  ['ipv4:///10.0.0.1', 'ipv4', '', '10.0.0.1'],
  ['ipv6:[::1]:80,::2', 'ipv6', '', '[::1]:80,::2'],
  ['passthrough:///greeter:80', 'passthrough', '', 'greeter:80'],
  ['passthrough:greeter:80', 'passthrough', '', 'greeter:80'],
  ['static:///a:1,b:2', 'static', '', 'a:1,b:2'],
  ['srv:///_grpc._tcp.greeter.example', 'srv', '', '_grpc._tcp.greeter.example'],
  ['file:///etc/greeter.json', 'file', '', 'etc/greeter.json'],
  ['xds:///greeter', 'dns', '', 'xds:///greeter'],
]

const factoryOf = (scheme: string): ResolverFactory => parseTarget(`${scheme}:x`, DEFAULT_RESOLVERS).factory

describe('NR-1 targets', () => {
  it.each(TARGETS)('%s', (text, scheme, authority, endpoint) => {
    const parsed = parseTarget(text, DEFAULT_RESOLVERS)
    expect(parsed.target).toMatchObject({ scheme, authority, endpoint })
    expect(parsed.factory.scheme).toBe(scheme)
  })

  it('accepts another default scheme', () => {
    expect(parseTarget('a:1', DEFAULT_RESOLVERS, 'passthrough').target).toMatchObject({ scheme: 'passthrough' })
  })

  it.each([
    ['nothing', '', DEFAULT_RESOLVERS],
    ['no scheme where none is known', 'greeter', []],
  ])('rejects %s', (_what, text, factories) => {
    expect(() => parseTarget(text, factories)).toThrow(RangeError)
  })

  it.each([
    ['dns', 'greeter.example:'],
    ['dns', 'greeter.example:0'],
    ['dns', 'greeter.example:65536'],
    ['dns', 'greeter.example:http'],
    ['dns', ''],
    ['dns', 'https://greeter.example'],
    ['dns', '[greeter]:80'],
    ['ipv4', '10.0.0.1,'],
    ['ipv4', '::1'],
    ['ipv6', '10.0.0.1'],
    ['unix', ''],
    ['unix', `/${'x'.repeat(107)}`],
    ['passthrough', 'greeter:0'],
    ['static', 'a:1,,b:2'],
    ['srv', 'greeter:80'],
  ])('rejects an invalid target of %s: "%s"', (scheme, endpoint) => {
    expect(() => new ResolverBench(`${scheme}:${endpoint}`, factoryOf(scheme))).toThrow(RangeError)
  })

  it.each([
    ['unix:///run/app.sock', ['unix:/run/app.sock']],
    ['unix:run/app.sock', ['unix:run/app.sock']],
    ['unix-abstract:app', ['unix-abstract:app']],
    ['dns:::1', ['[::1]:443']],
    ['dns:[::1]:80', ['[::1]:80']],
    ['passthrough::80', ['localhost:80']],
  ])('%s resolves to %s', async (text, addresses) => {
    const bench = new ResolverBench(text, parseTarget(text, DEFAULT_RESOLVERS).factory)
    bench.resolver.start()
    await bench.settle()
    expect(bench.told).toEqual(addresses)
  })

  it.each([
    ['dns:///greeter.example:80', 'greeter.example:80'],
    ['dns::80', 'localhost:80'],
    ['dns:[::1]:80', '[::1]:80'],
    ['dns:grüezi.example', 'gr%C3%BCezi.example'],
  ])('the authority of %s is %s', (text, authority) => {
    const { target, factory } = parseTarget(text, DEFAULT_RESOLVERS)
    expect(factory.defaultAuthority(target)).toBe(authority)
  })
})
