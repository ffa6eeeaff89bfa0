import { expect, test } from 'vitest'
import { isSameAuthority, parseAuthority } from '../../../wire/authority.ts'

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
  '"%s" is none',
  (text) => {
    expect(parseAuthority(text)).toBeUndefined()
  },
)

test.each([
  ['a', 'A', true],
  ['a', 'a:80', true],
  ['a:443', 'a', true],
  ['a:80', 'a:443', false],
  ['a:8080', 'a', false],
  ['a', 'b', false],
])('%s and %s are the same: %s', (a, b, isSame) => {
  const [first, second] = [parseAuthority(a), parseAuthority(b)]
  expect(first && second && isSameAuthority(first, second)).toBe(isSame)
})
