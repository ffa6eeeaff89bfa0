/** Credentials of the console: the ways that schemes ask for, and the headers that fields become. */
import { describe, expect, it } from 'vitest'
import {
  type CredentialFields,
  headersOf,
  NO_CREDENTIALS,
  signInWays,
} from '../../../../console/app/session/credential-fields.ts'

const fieldsOf = (fields: Partial<CredentialFields>): CredentialFields => ({ ...NO_CREDENTIALS, ...fields })

it('offers a way for each scheme of OpenAPI that a header can carry', () => {
  const ways = signInWays({
    jwt: { type: 'http', scheme: 'Bearer', description: 'a JWT' },
    users: { type: 'http', scheme: 'basic' },
    key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
    sso: { type: 'openIdConnect', openIdConnectUrl: 'https://example.com' },
    oauth: { type: 'oauth2' },
    mtls: { type: 'mutualTLS' },
    query: { type: 'apiKey', in: 'query', name: 'key' },
    cookie: { type: 'apiKey', in: 'cookie', name: 'key' },
    digest: { type: 'http', scheme: 'digest' },
  })
  expect(ways).toEqual([
    { kind: 'bearer', name: 'jwt', hint: 'a JWT' },
    { kind: 'basic', name: 'users', hint: '' },
    { kind: 'header', name: 'key', header: 'x-api-key', hint: '' },
    { kind: 'bearer', name: 'sso', hint: '' },
    { kind: 'bearer', name: 'oauth', hint: '' },
    { kind: 'certificate', name: 'mtls', hint: '' },
  ])
})

describe('headers', () => {
  it.each([
    ['nothing', {}, []],
    ['a token', { token: ' abc ' }, [['authorization', 'Bearer abc']]],
    ['a token that is pasted with its scheme', { token: 'bearer abc' }, [['authorization', 'Bearer abc']]],
    ['a user', { user: 'Ada', password: 'péché:1' }, [['authorization', `Basic ${btoa('Ada:pÃ©chÃ©:1')}`]]],
    ['a token before a user', { token: 'abc', user: 'Ada' }, [['authorization', 'Bearer abc']]],
    ['keys', { keys: { 'x-api-key': 'k ', 'x-other': ' ' } }, [['x-api-key', 'k']]],
    [
      'lines',
      { headers: 'X-Tenant: blue\n\n  x-trace :a:b\n' },
      [
        ['x-tenant', 'blue'],
        ['x-trace', 'a:b'],
      ],
    ],
  ] as const)('are made of %s', (_, fields, headers) => {
    expect(headersOf(fieldsOf(fields))).toEqual(headers)
  })

  it.each([
    ['a line without a colon', { headers: 'x-tenant blue' }, /"x-tenant blue" has no colon/],
    ['a name that is no token', { headers: 'x tenant: blue' }, /"x tenant" cannot be sent/],
    ['a value that no header can have', { keys: { 'x-key': 'a\u0000b' } }, /"x-key" cannot be sent/],
    ['a token with a character outside of Latin-1', { token: 'a→b' }, /"authorization" cannot be sent/],
    ['a user name with a colon', { user: 'a:b' }, /cannot contain a colon/],
  ])('refuse %s', (_, fields, message) => {
    expect(() => headersOf(fieldsOf(fields))).toThrow(message)
  })
})
