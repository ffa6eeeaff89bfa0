/** AU-5: which policies are valid, and what the errors of the others say. */
import { describe, expect, test } from 'vitest'
import { type AuthorizationPolicy, readPolicy } from '../../../../../server/auth/policy/authorization-policy.ts'

const ALLOW_ALL = { name: 'all' }

/** A policy with one fault. */
function policy(change: object): string {
  return JSON.stringify({ name: 'authz', allow_rules: [ALLOW_ALL], ...change })
}

function rule(change: object): string {
  return policy({ allow_rules: [{ ...ALLOW_ALL, ...change }] })
}

function header(change: object): string {
  return rule({ request: { headers: [{ key: 'x-tenant', values: ['a'], ...change }] } })
}

function audit(options: object): string {
  return policy({ audit_logging_options: options })
}

const VALID: readonly (readonly [string, string])[] = [
  ['the least policy', policy({})],
  ['deny rules', policy({ deny_rules: [{ name: 'none', source: { principals: ['spiffe://example/*'] } }] })],
  ['empty deny rules', policy({ deny_rules: [] })],
  ['an empty source and request', rule({ source: {}, request: {} })],
  ['empty principals, paths and headers', rule({ source: { principals: [] }, request: { paths: [], headers: [] } })],
  ['the empty principal', rule({ source: { principals: [''] } })],
  ['paths without a slash', rule({ request: { paths: ['path-foo*', '*bar', '*'] } })],
  ['a header key in capitals', header({ key: 'X-Tenant' })],
  ['rules of one name', policy({ allow_rules: [ALLOW_ALL, ALLOW_ALL] })],
  ['a name of 256 characters', policy({ name: 'n'.repeat(256) })],
  ['empty audit options', audit({})],
  ['an audit logger', audit({ audit_condition: 'ON_DENY', audit_loggers: [{ name: 'stdout_logger' }] })],
  ['audit_logger of the schema', audit({ audit_condition: 'NONE', audit_logger: [{ name: 'x', is_optional: true }] })],
  ['a config of any shape', audit({ audit_loggers: [{ name: 'x', config: { deep: [{ er: 1 }] } }] })],
]

const ANY_DEPTH = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`

const INVALID: readonly (readonly [string, string, string])[] = [
  ['no JSON', '{"name": "authz",\n "allow_rules" []}', 'it is not JSON (line 2, column 16)'],
  ['no text', '', 'it is not JSON'],
  ['text after the policy', `${policy({})} x`, 'it is not JSON (line 1, column 49)'],
  ['an array', '[]', 'the policy is an array, and must be an object'],
  ['null', 'null', 'the policy is null, and must be an object'],
  ['no name', policy({ name: undefined }), 'name is missing'],
  ['an empty name', policy({ name: '' }), 'name is empty'],
  ['a long name', policy({ name: 'n'.repeat(257) }), 'name has 257 characters: the most is 256'],
  ['no allow rules', policy({ allow_rules: undefined }), 'allow_rules is missing'],
  ['empty allow rules', policy({ allow_rules: [] }), 'allow_rules is empty'],
  ['allow rules that are an object', policy({ allow_rules: {} }), 'allow_rules is an object, and must be an array'],
  ['1,001 rules', policy({ deny_rules: Array(1_001).fill(ALLOW_ALL) }), 'deny_rules has 1001 entries'],
  ['null for a field', policy({ deny_rules: null }), 'deny_rules is null, and must be an array'],
  ['a rule without a name', policy({ allow_rules: [{}] }), 'allow_rules[0].name is missing'],
  ['a rule that is a string', policy({ allow_rules: ['all'] }), 'allow_rules[0] is a string, and must be an object'],
  ['a source that is a list', rule({ source: [] }), 'allow_rules[0].source is an array'],
  ['a principal', rule({ source: { principals: '*' } }), 'allow_rules[0].source.principals is a string'],
  ['a principal of 1', rule({ source: { principals: ['a', 1] } }), 'allow_rules[0].source.principals[1] is a number'],
  ['paths of null', rule({ request: { paths: null } }), 'allow_rules[0].request.paths is null'],
  ['no header key', header({ key: undefined }), 'allow_rules[0].request.headers[0].key is missing'],
  ['an empty header key', header({ key: '' }), 'allow_rules[0].request.headers[0].key is empty'],
  ['a header key with a blank', header({ key: 'x tenant' }), 'headers[0].key is not a valid header name'],
  ['a binary header', header({ key: 'trace-bin' }), 'headers[0].key is a binary header'],
  ['no header values', header({ values: undefined }), 'allow_rules[0].request.headers[0].values is missing'],
  ['empty header values', header({ values: [] }), 'allow_rules[0].request.headers[0].values is empty'],
  ...[
    ':authority',
    ':method',
    'grpc-timeout',
    'GRPC-Encoding',
    'Host',
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'TE',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ].map((key) => [`the header ${key}`, header({ key }), 'key is a header that policies may not match'] as const),
  ['an unknown field', policy({ rules: [] }), 'rules is unknown'],
  ['a misspelt field', policy({ allow_rule: [] }), 'allow_rule is unknown: did you mean allow_rules?'],
  ['capitals', policy({ Deny_Rules: [] }), 'Deny_Rules is unknown'],
  ['an unknown field of a rule', rule({ sources: {} }), 'allow_rules[0].sources is unknown: did you mean source?'],
  ['one of a source', rule({ source: { principal: [] } }), 'allow_rules[0].source.principal is unknown'],
  ['one of a request', rule({ request: { path: [] } }), 'allow_rules[0].request.path is unknown'],
  ['one of a header', header({ value: 'a' }), 'allow_rules[0].request.headers[0].value is unknown'],
  ['one of the audit', audit({ condition: 'NONE' }), 'audit_logging_options.condition is unknown'],
  ['one of a logger', audit({ audit_loggers: [{ name: 'a', b: 1 }] }), 'audit_loggers[0].b is unknown'],
  ['__proto__', '{"name":"a","allow_rules":[{"name":"b"}],"__proto__":{}}', '__proto__ is unknown'],
  ['an unknown condition', audit({ audit_condition: 'ALWAYS' }), 'audit_condition must be one of NONE, ON_DENY,'],
  ['a logger without a name', audit({ audit_loggers: [{}] }), 'audit_loggers[0].name is missing'],
  [
    'a config of a string',
    audit({ audit_loggers: [{ name: 'a', config: 'b' }] }),
    'audit_loggers[0].config is a string',
  ],
  ['optional as text', audit({ audit_loggers: [{ name: 'a', is_optional: 'no' }] }), 'is_optional is a string'],
  ['both spellings', audit({ audit_loggers: [], audit_logger: [] }), 'has both audit_loggers and audit_logger'],
  ['a key twice', '{"name":"a","deny_rules":[{"name":"b"}],"deny_rules":[]}', 'the key "deny_rules" twice'],
  ['deep nesting', ANY_DEPTH, 'deep'],
  ['a text over 1 MiB', policy({ name: ' '.repeat(1_048_576) }), 'it is larger than 1048576 bytes'],
]

describe('AU-5', () => {
  test.each(VALID)('%s makes a valid policy', (_what, json) => {
    expect(readPolicy(json)).toEqual(JSON.parse(json))
  })

  test.each(INVALID)('%s makes a policy invalid', (_what, json, fault) => {
    expect(() => readPolicy(json)).toThrow(RangeError)
    expect(() => readPolicy(json)).toThrow(`invalid authorization policy: `)
    expect(() => readPolicy(json)).toThrow(fault)
  })

  test('a policy may be an object', () => {
    const policy: AuthorizationPolicy = { name: 'authz', allow_rules: [ALLOW_ALL] }
    expect(readPolicy(policy)).toBe(policy)
  })

  test('all faults are named, up to ten', () => {
    const broken = Array.from({ length: 12 }, () => ({}))
    const named = Array.from({ length: 10 }, (_, index) => `allow_rules[${index}].name is missing`).join('; ')
    expect(() => readPolicy(policy({ allow_rules: broken }))).toThrow(`policy: ${named}; and 2 more`)
  })

  test.each([header({ values: ['secret-token', 1] }), header({ key: 'secret-token-bin' }), '{"name": secret-token}'])(
    'errors do not show values',
    (json) => {
      expect(() => readPolicy(json)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('secret') }),
      )
    },
  )
})
