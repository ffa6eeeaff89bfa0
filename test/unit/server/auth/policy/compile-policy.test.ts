/** Rules of authorization policies match as in gRFC A43. */
import { describe, expect, test } from 'vitest'
import type { PolicyRule } from '../../../../../server/auth/policy/authorization-policy.ts'
import { CompiledPolicy, type PolicyCall } from '../../../../../server/auth/policy/compile-policy.ts'
import { matchAny } from '../../../../../server/auth/policy/text-patterns.ts'

const PATH = '/shop.v1.Orders/Place'

interface CallInit {
  readonly path?: string
  readonly principals?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

function call({ path = PATH, principals = [], headers = {} }: CallInit): PolicyCall {
  return { path, principals, header: (name) => headers[name] ?? null }
}

function allows(rule: Omit<PolicyRule, 'name'>, init: CallInit): boolean {
  return new CompiledPolicy({ name: 'p', allow_rules: [{ name: 'r', ...rule }] }).decide(call(init)).isAuthorized
}

describe('patterns', () => {
  test.each([
    [['abc'], ['abc'], ['', 'ab', 'abcd', 'ABC', 'abc ']],
    [['abc*'], ['abc', 'abcd', 'abc/def'], ['', 'ab', 'xabc', 'Abcd']],
    [['*abc'], ['abc', 'xabc', '/abc'], ['', 'abcd', 'xABC']],
    [['*'], ['a', '*', ' '], ['']],
    [[''], [''], ['a', '*']],
    // Stars elsewhere stand for themselves.
    [['a*c'], ['a*c'], ['abc', 'ac']],
    [['*b*'], ['*b', '*bc'], ['b', 'abc', 'ab']],
    [['**'], ['*', '*a'], ['', 'a']],
    [['a.c'], ['a.c'], ['abc']],
    [
      ['one', 'two*', '*three'],
      ['one', 'two', 'two-three', 'xthree'],
      ['', 'ones', 'three!'],
    ],
    [[], [], ['', 'a']],
  ])('%j', (patterns, matching, others) => {
    const matches = matchAny(patterns)
    expect(matching.filter((text) => !matches(text))).toEqual([])
    expect(others.filter(matches)).toEqual([])
  })
})

describe('a rule', () => {
  test.each<[string, Omit<PolicyRule, 'name'>, CallInit, boolean]>([
    ['without conditions matches any call', {}, {}, true],
    ['with empty conditions matches any call', { source: {}, request: {} }, {}, true],
    [
      'with empty lists matches any call',
      { source: { principals: [] }, request: { paths: [], headers: [] } },
      {},
      true,
    ],
    ['matches one of its principals', { source: { principals: ['a', 'b'] } }, { principals: ['b'] }, true],
    ['matches one of the names of a caller', { source: { principals: ['b'] } }, { principals: ['a', 'b'] }, true],
    ['does not match another principal', { source: { principals: ['a', 'b'] } }, { principals: ['c'] }, false],
    ['with principals does not match without TLS', { source: { principals: ['*', ''] } }, { principals: [] }, false],
    ['matches an anonymous caller as ""', { source: { principals: [''] } }, { principals: [''] }, true],
    ['does not match an anonymous caller as *', { source: { principals: ['*'] } }, { principals: [''] }, false],
    ['matches one of its paths', { request: { paths: ['/a.B/*', PATH] } }, {}, true],
    ['does not match another path', { request: { paths: ['/shop.v1.Orders/Place2', '/shop.v1.Orders'] } }, {}, false],
    ['does not match a path in other letters', { request: { paths: [PATH.toLowerCase()] } }, {}, false],
    [
      'needs a path and a principal',
      { source: { principals: ['a'] }, request: { paths: [PATH] } },
      { principals: ['b'] },
      false,
    ],
    [
      'needs all of its headers',
      {
        request: {
          headers: [
            { key: 'x', values: ['1'] },
            { key: 'y', values: ['2'] },
          ],
        },
      },
      { headers: { x: '1' } },
      false,
    ],
    [
      'matches all of its headers',
      {
        request: {
          headers: [
            { key: 'X', values: ['1'] },
            { key: 'y', values: ['1', '2'] },
          ],
        },
      },
      { headers: { x: '1', y: '2' } },
      true,
    ],
    ['needs its header', { request: { headers: [{ key: 'x', values: ['*'] }] } }, {}, false],
    [
      'does not match an empty header as *',
      { request: { headers: [{ key: 'x', values: ['*'] }] } },
      { headers: { x: '' } },
      false,
    ],
    [
      'matches repeated values joined',
      { request: { headers: [{ key: 'x', values: ['a,b'] }] } },
      { headers: { x: 'a, b' } },
      true,
    ],
    [
      'matches values joined in any way',
      { request: { headers: [{ key: 'x', values: ['a, b*'] }] } },
      { headers: { x: 'a ,bc' } },
      true,
    ],
    [
      'does not match one of several values',
      { request: { headers: [{ key: 'x', values: ['a'] }] } },
      { headers: { x: 'a, b' } },
      false,
    ],
    [
      'matches several values by prefix',
      { request: { headers: [{ key: 'x', values: ['a*'] }] } },
      { headers: { x: 'a, b' } },
      true,
    ],
  ])('%s', (_what, rule, init, isAuthorized) => {
    expect(allows(rule, init)).toBe(isAuthorized)
  })
})

describe('a policy', () => {
  const policy = new CompiledPolicy({
    name: 'shop',
    deny_rules: [
      { name: 'blocked', source: { principals: ['mallory'] } },
      { name: 'frozen', request: { paths: ['*/Delete'] } },
    ],
    allow_rules: [
      { name: 'read', request: { paths: ['*/Get'] } },
      { name: 'admins', source: { principals: ['admin', 'mallory'] } },
    ],
  })

  test.each<[string, CallInit, { isAuthorized: boolean; matchedRule: string }]>([
    ['denies before it allows', { principals: ['mallory'] }, { isAuthorized: false, matchedRule: 'shop_blocked' }],
    [
      'names the first rule that denies',
      { path: '/a.B/Delete', principals: ['mallory'] },
      { isAuthorized: false, matchedRule: 'shop_blocked' },
    ],
    [
      'denies by path',
      { path: '/a.B/Delete', principals: ['admin'] },
      { isAuthorized: false, matchedRule: 'shop_frozen' },
    ],
    [
      'names the first rule that allows',
      { path: '/a.B/Get', principals: ['admin'] },
      { isAuthorized: true, matchedRule: 'shop_read' },
    ],
    [
      'allows by a later rule',
      { path: '/a.B/Put', principals: ['admin'] },
      { isAuthorized: true, matchedRule: 'shop_admins' },
    ],
    ['denies what no rule matches', { path: '/a.B/Put' }, { isAuthorized: false, matchedRule: '' }],
  ])('%s', (_what, init, decision) => {
    expect(policy.decide(call(init))).toEqual(decision)
    // The second time the rules of the method are known.
    expect(policy.decide(call(init))).toEqual(decision)
  })

  test('names rules whose paths match no method', () => {
    expect(policy.rulesWithoutMethod(['/a.B/Get', '/a.B/Put'])).toEqual(['shop_frozen'])
  })

  test('matches a long header in linear time', () => {
    const rule = { request: { headers: [{ key: 'x', values: ['a,b'] }] } }
    const blanks = ' '.repeat(1_000_000)
    expect(allows(rule, { headers: { x: `${blanks}a,${blanks}x${blanks}` } })).toBe(false)
  })
})
