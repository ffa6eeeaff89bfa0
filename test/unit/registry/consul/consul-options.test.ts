/** The options and targets of Consul, and what is wrong with invalid ones. */
import { describe, expect, test } from 'vitest'
import type { Target } from '../../../../client/node/contracts/resolver.ts'
import { parseTarget } from '../../../../client/node/resolver/parse-target.ts'
import { consulRegistrar } from '../../../../registry/consul/consul-registrar.ts'
import { consulResolver } from '../../../../registry/consul/consul-resolver.ts'
import { parseConsulTarget } from '../../../../registry/consul/consul-target.ts'

const DEFAULT_URL = new URL('https://agent.test:9999/consul')

function targetOf(text: string): Target {
  return parseTarget(text, [consulResolver()]).target
}

test.each([
  ['consul:///greeter', 'greeter', 'https://agent.test:9999/consul', [], undefined],
  ['consul:greeter', 'greeter', 'https://agent.test:9999/consul', [], undefined],
  ['consul:///shop/orders', 'shop/orders', 'https://agent.test:9999/consul', [], undefined],
  ['consul://10.0.0.1/greeter', 'greeter', 'https://10.0.0.1:8501/', [], undefined],
  ['consul://[::1]:80/greeter?tag=v2', 'greeter', 'https://[::1]:80/', ['v2'], undefined],
  ['consul:///a%20b?tag=x&tag=y%26z&dc=eu', 'a b', 'https://agent.test:9999/consul', ['x', 'y&z'], 'eu'],
])('%s', (text, service, url, tags, datacenter) => {
  const { baseUrl, ...rest } = parseConsulTarget(targetOf(text), DEFAULT_URL)
  expect(baseUrl.href).toBe(url)
  expect(rest).toEqual({ service, tags, datacenter })
})

test('the authority of a target is its service', () => {
  expect(consulResolver().defaultAuthority(targetOf('consul://10.0.0.1:8500/greeter?tag=v2'))).toBe('greeter')
})

test.each([
  'consul:///',
  'consul:////a',
  'consul:///a/',
  'consul:///a%2F%2Fb',
  'consul:///a%',
  'consul:///a?tag=1?tag=2',
  'consul:///a?near=_agent',
  'consul://user:secret@10.0.0.1/a',
  'consul://10.0.0.1:port/a',
  'consul://10.0.0.1:99999/a',
])('%s is invalid', (text) => {
  expect(() => consulResolver().defaultAuthority(targetOf(text))).toThrow(RangeError)
})

describe.each([
  ['consulRegistrar', consulRegistrar],
  ['consulResolver', consulResolver],
] as const)('%s', (name, create: (options: object) => unknown) => {
  test.each([
    [{ address: '127.0.0.1:8500' }, 'address must be a URL such as'],
    [{ address: 'ftp://127.0.0.1' }, 'address must be a URL such as'],
    [{ address: 'http://user:secret@127.0.0.1' }, 'address must be a URL such as'],
    [{ address: 'http://127.0.0.1:8500?token=secret' }, 'address must be a URL such as'],
    [{ token: 'secret', tokenFile: 'f' }, 'token and tokenFile must not both be given'],
    [{ token: 'sec\r\nret' }, 'token must consist of printable ASCII characters'],
    [{ token: '' }, 'token must consist of printable ASCII characters'],
    [{ address: 'http://127.0.0.1:8500', tls: {} }, 'tls needs an address that begins with https:'],
    [{ tls: { caFil: 'x' } }, 'tls.caFil is unknown: did you mean tls.caFile?'],
    [{ Token: 'secret' }, 'Token is unknown: did you mean token?'],
    [{ tags: 'v2' }, 'tags is a string, and must be an array'],
  ])('rejects %j', (options, error) => {
    const thrown = captured(() => create(options))
    expect(thrown).toBeInstanceOf(RangeError)
    expect(String(thrown)).toContain(`${name}: ${error}`)
    expect(String(thrown)).not.toContain('secret')
  })
})

test.each([
  [() => consulRegistrar({ ttlMs: 99 }), 'ttlMs is 99: it must be from 100 to 3600000'],
  [() => consulRegistrar({ deregisterAfterMs: 59_999 }), 'deregisterAfterMs is 59999: it must be from 60000'],
  [() => consulResolver({ waitMs: Number.NaN }), 'waitMs is NaN: it must be from 1000 to 600000'],
])('a time out of range is rejected', (create, error) => {
  expect(create).toThrow(error)
})

function captured(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
