import { createRegistry } from '@bufbuild/protobuf'
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { describe, expect, it, test } from 'vitest'
import { brokenRules } from '../../../../../console/app/message/check/rule-tests.ts'
import { MessageDraft } from '../../../../../console/app/message/message-draft.ts'
import { file_orders_v1_orders, PlaceRequestSchema } from '../../../../gen/orders/v1/orders_pb.js'

const registry = createRegistry(file_orders_v1_orders, file_buf_validate_validate)

function faultsOf(text: string, types = registry): string[] {
  const draft = new MessageDraft(PlaceRequestSchema, types, text)
  return draft.faults.value.map(({ path, message, severity }) => `${severity} ${path.join('.')}: ${message}`)
}

describe('rules of protovalidate', () => {
  it.each([
    ['{"item": "tea", "quantity": 100, "tags": ["ab"]}', []],
    ['{"quantity": 1}', ['hint item: item must have at least 1 character.']],
    ['{"item": "tea"}', ['hint quantity: quantity must be at least 1.']],
    ['{"item": "a", "quantity": 101}', ['hint quantity: quantity must be at most 100.']],
    ['{"item": "aaaaaaaaaaaaaaaaaaaaa", "quantity": 1}', ['hint item: item must have at most 20 characters.']],
    ['{"item": "a", "quantity": 1, "tags": ["ab", "é"]}', ['hint tags.1: tags[1] must have at least 2 characters.']],
  ])('are hints: %s', (text, hints) => {
    expect(faultsOf(text)).toEqual(hints)
  })

  it('do not keep a message from being sent', () => {
    expect(new MessageDraft(PlaceRequestSchema, registry, '{}').message.value).not.toBe(null)
  })

  it('need their extensions in the registry', () => {
    expect(faultsOf('{}', createRegistry(file_orders_v1_orders))).toEqual([])
  })
})

test.each([
  ['int32', 5n, { gt: 5 }, ['be greater than 5']],
  ['int64', 2n ** 63n - 1n, { lt: '9223372036854775807' }, ['be less than 9223372036854775807']],
  ['int32', 3n, { in: [1, 2] }, ['be one of 1, 2']],
  ['int32', 2n, { notIn: [1, 2] }, ['be none of 1, 2']],
  ['double', Number.NaN, { finite: true, gte: 0 }, ['be finite', 'be at least 0']],
  ['int32', 5n, { gt: 10, lt: 2 }, []],
  ['string', '🙂', { maxLen: '1', maxBytes: '3' }, ['have at most 3 bytes in UTF-8']],
  ['string', 'abc', { pattern: '^[0-9]+$' }, ['match ^[0-9]+$']],
  [
    'string',
    'abc',
    { prefix: 'b', suffix: 'b', contains: 'x', notContains: 'b' },
    ['start with "b"', 'end with "b"', 'contain "x"', 'not contain "b"'],
  ],
  [
    'string',
    'a',
    { email: true, uuid: true, ipv4: true, uri: true },
    ['be an email address', 'be a UUID', 'be an IPv4 address', 'be a URI'],
  ],
  ['string', 'ada@example.com', { email: true, uuid: false }, []],
  ['bytes', 3, { minLen: '4' }, ['have at least 4 bytes']],
  ['bool', false, { const: true }, ['be true']],
  ['enum', 4, { in: [1, 2] }, ['be one of 1, 2']],
  ['string', 'x', { cel: [{ id: 'a' }], wellKnownRegex: 1, constructor: 1 }, []],
] as const)('%s %s by %o', (type, value, rules, broken) => {
  expect(brokenRules(type, value, rules as never)).toEqual(broken)
})

test('a pattern that would run for ages is left to the server', () => {
  expect(brokenRules('string', `${'a'.repeat(40)}!`, { pattern: '^(a+)+$' })).toEqual([])
  expect(brokenRules('string', 'a', { pattern: '(?<broken' })).toEqual([])
})
