import { expect, test } from 'vitest'
import { parseProjectName } from '../../../create/src/project-name.ts'

test.each([
  ['shop', { npm: 'shop', short: 'shop', proto: 'shop' }],
  ['web-shop', { npm: 'web-shop', short: 'web-shop', proto: 'web_shop' }],
  ['@acme/web-shop', { npm: '@acme/web-shop', short: 'web-shop', proto: 'web_shop' }],
  ['shop.api--v2-', { npm: 'shop.api--v2-', short: 'shop.api--v2-', proto: 'shop_api_v2' }],
  ['2nd-shop', { npm: '2nd-shop', short: '2nd-shop', proto: 'nd_shop' }],
])('accepts %s', (name, expected) => {
  expect(parseProjectName(name)).toEqual(expected)
})

const RULE = /^invalid project name ".*": use lower-case letters/

test.each([
  ['', RULE],
  ['Shop', RULE],
  ['my shop', RULE],
  ['.shop', RULE],
  ['_shop', RULE],
  ['..', RULE],
  ['../shop', RULE],
  ['/tmp/shop', RULE],
  ['a/b', RULE],
  ['@acme', RULE],
  ['@acme/', RULE],
  ['@acme/a/b', RULE],
  ['@acme/../b', RULE],
  ['shop\n', RULE],
  ['läden', RULE],
  ['node_modules', /npm reserves it$/],
  ['@acme/node_modules', /npm reserves it$/],
  ['2048', /needs a letter/],
  ['a'.repeat(215), /215 characters long: npm allows 214$/],
])('rejects %j', (name, message) => {
  expect(parseProjectName(name)).toMatch(message)
})

test('a project cannot have the name of a package that it depends on', () => {
  expect(parseProjectName('fastify', ['fastify'])).toMatch(/depends on the package of that name$/)
  expect(parseProjectName('@acme/fastify', ['fastify'])).toMatchObject({ short: 'fastify' })
})
