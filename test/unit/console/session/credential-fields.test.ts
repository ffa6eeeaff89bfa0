/** Credentials of the console: the ways that schemes ask for, and the headers that fields become. */
import { describe, expect, it } from 'vitest'
import {
  type CredentialFields,
  headersOf,
  NO_CREDENTIALS,
  signInWays,
} from '../../../../console/app/session/credential-fields.ts'

const fieldsOf = (fields: Partial<CredentialFields>): CredentialFields => ({ ...NO_CREDENTIALS, ...fields })

describe('the ways to sign in', () => {
  it('have fields for what a header can carry', () => {
    const ways = signInWays({
      jwt: { type: 'http', scheme: 'Bearer', description: 'a JWT' },
      users: { type: 'http', scheme: 'basic' },
      key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
    })
    expect(ways).toEqual([
      { kind: 'bearer', hint: 'a JWT' },
      { kind: 'basic', hint: '' },
      { kind: 'header', header: 'x-api-key', hint: '' },
    ])
  })

  it('are one where schemes need the same field', () => {
    const ways = signInWays({
      jwt: { type: 'http', scheme: 'bearer', description: 'A JWT.' },
      sso: { type: 'openIdConnect', openIdConnectUrl: 'https://example.com' },
      oauth: { type: 'oauth2' },
      old: { type: 'apiKey', in: 'header', name: 'x-key', description: 'Old.' },
      new: { type: 'apiKey', in: 'header', name: 'X-Key', description: 'New.' },
    })
    expect(ways).toEqual([
      {
        kind: 'bearer',
        hint:
          'A JWT. This page does not sign in at sso: get a token there, and paste it. ' +
          'This page does not sign in at oauth: get a token there, and paste it.',
      },
      { kind: 'header', header: 'x-key', hint: 'Old. New.' },
    ])
  })

  it.each([
    [{ type: 'mutualTLS', description: 'Ask Ada.' }, /^Ask Ada\. The browser itself asks for a client certificate/],
    [{ type: 'apiKey', in: 'query', name: 'key' }, /cannot send "key" in the query/],
    [{ type: 'apiKey', in: 'cookie', name: 'sid' }, /sends the cookie "sid" by itself/],
    [{ type: 'http', scheme: 'digest' }, /does not know the scheme "digest"/],
    [{ type: 'pigeon' }, /does not know this way/],
  ])('say what the form cannot do: %j', (scheme, hint) => {
    expect(signInWays({ it: scheme })).toEqual([{ kind: 'elsewhere', name: 'it', hint: expect.stringMatching(hint) }])
  })
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
