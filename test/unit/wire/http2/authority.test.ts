import { expect, test } from 'vitest'
import { isHost, isSameAuthority, parseAuthority } from '../../../../wire/http2/authority.ts'

test.each([
  ['localhost', 'localhost', undefined],
  ['LocalHost:8080', 'localhost', 8080],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['[::1]:65535', '[::1]', 65_535],
  ['a_b.example', 'a_b.example', undefined],
  ['example:', 'example', undefined],
])('%s is an authority', (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port })
})

test.each(['', '[', 'a b', 'x:99999', 'x:-1', 'x:1a', 'user@x', 'a/b', '[::1', '::1', 'x:1:2', '[zz]', 'a\0b', '%zz'])(
  '"%s" is not',
  (text) => {
    expect(parseAuthority(text)).toBeUndefined()
  },
)

test('a Host is an authority or empty, however often and in whatever order it is seen', () => {
  const hosts = Array.from({ length: 600 }, (_, index) => `host-${index}.example:80`)
  for (const host of [...hosts, ...hosts, '', `${'a'.repeat(300)}.example`]) {
    expect(isHost(host)).toBe(true)
    expect(isHost(`${host} x`)).toBe(false)
  }
  expect(isHost('user@host')).toBe(false)
  expect(isHost('user@host')).toBe(false)
})

test.each([
  ['a', 'A', undefined, true],
  ['a', 'a:80', undefined, true],
  ['a:443', 'a', undefined, true],
  ['a', 'a:80', 'http', true],
  ['a', 'a:80', 'https', false],
  ['a', 'a:443', 'http', false],
  ['a:', 'a', undefined, true],
  ['a:80', 'a:443', undefined, false],
  ['a:8080', 'a', undefined, false],
  ['a:8080', 'a:8080', 'https', true],
  ['a', 'b', undefined, false],
  ['[::1]', '[::1]:80', undefined, true],
  ['[::1]', '[::2]', undefined, false],
  ['[::80]', '[::80]:80', undefined, true],
])('%s and %s over %s are the same: %s', (a, b, scheme, isSame) => {
  expect(isSameAuthority(a, b, scheme)).toBe(isSame)
  expect(isSameAuthority(b, a, scheme)).toBe(isSame)
})
