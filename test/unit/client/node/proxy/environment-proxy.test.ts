import { expect, test } from 'vitest'
import { environmentProxy } from '../../../../../client/node/proxy/environment-proxy.ts'
import { parseHttpProxy } from '../../../../../client/node/proxy/http-proxy.ts'

const ALL = {
  grpc_proxy: 'http://first:1',
  https_proxy: 'http://second:2',
  HTTPS_PROXY: 'http://third:3',
  http_proxy: 'fourth:4',
  HTTP_PROXY: 'http://never:5',
}

test('the first variable that is set provides the proxy', () => {
  const names = []
  const environment: Record<string, string> = { ...ALL }
  for (const variable of Object.keys(ALL)) {
    names.push(environmentProxy('greeter.test:443', environment)?.name)
    environment[variable] = ''
  }
  expect(names).toEqual(['first:1', 'second:2', 'third:3', 'fourth:4', undefined])
})

test.each([
  ['greeter.test:443', true],
  ['10.0.0.1:80', true],
  ['localhost:80', false],
  [':80', false],
  ['app.localhost:80', false],
  ['127.1.2.3:80', false],
  ['[::1]:80', false],
])('%s is reached through a proxy: %s', (endpoint, isProxied) => {
  expect(environmentProxy(endpoint, { https_proxy: 'http://proxy.test' }) !== null).toBe(isProxied)
})

test.each([
  ['*', 'greeter.test:443', true],
  ['other.test, greeter.test', 'greeter.test:443', true],
  ['other.test greeter.test', 'greeter.test:443', true],
  ['test', 'greeter.test:443', true],
  ['.test', 'Greeter.TEST:443', true],
  ['*.test', 'greeter.test.:443', true],
  ['.greeter.test', 'greeter.test:443', false],
  ['eeter.test', 'greeter.test:443', false],
  ['greeter.test:443', 'greeter.test:443', true],
  ['greeter.test:80', 'greeter.test:443', false],
  ['10.0.0.0/8', '10.1.2.3:443', true],
  ['10.0.0.0/8', '11.1.2.3:443', false],
  ['10.0.0.0/99', '10.1.2.3:443', false],
  ['10.1.2.3', '10.1.2.3:443', true],
  ['[fd00::1]:80', '[fd00::1]:80', true],
  ['fd00::/8', '[fd12::1]:443', true],
  ['fd00::1', '[FD00:0::1]:443', true],
  ['10.0.0.0/8', 'greeter.test:443', false],
  ['', 'greeter.test:443', false],
  [',,', 'greeter.test:443', false],
])('no_proxy "%s" exempts %s: %s', (list, endpoint, isExempt) => {
  const environment = { https_proxy: 'http://proxy.test', no_proxy: list }
  expect(environmentProxy(endpoint, environment) === null).toBe(isExempt)
})

test('no_grpc_proxy takes precedence over no_proxy, and that over NO_PROXY', () => {
  const lists = { no_grpc_proxy: 'other.test', no_proxy: '*', NO_PROXY: '*' }
  expect(environmentProxy('greeter.test', { ...ALL, ...lists })).not.toBeNull()
  expect(environmentProxy('greeter.test', { ...ALL, no_proxy: 'other.test', NO_PROXY: '*' })).not.toBeNull()
  expect(environmentProxy('greeter.test', { ...ALL, NO_PROXY: '*' })).toBeNull()
})

test('a URL contains the proxy address and its credentials', () => {
  expect(parseHttpProxy('http://user:p%40ss@proxy.test', 'proxy')).toEqual({
    name: 'proxy.test',
    address: { host: 'proxy.test', port: 80 },
    tls: null,
    authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
  })
  expect(parseHttpProxy('https://[::1]', 'proxy')).toMatchObject({
    name: '[::1]',
    address: { host: '::1', port: 443 },
    tls: { defaultServerName: '::1', alpn: 'http/1.1' },
    authorization: null,
  })
})

test.each(['socks5://user:secret@proxy.test', 'http://user:secret@proxy.test/path', 'http://', ''])(
  '%j is not a valid proxy, and its password is not revealed',
  (url) => {
    const fault = /^https_proxy must be the URL of a proxy, such as (?!.*secret)/
    expect(() => parseHttpProxy(url, 'https_proxy')).toThrow(fault)
  },
)
