/** Options of schemes are checked when they are created, and errors show no secrets. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { authenticate } from '../../../../../server/auth/authenticate.ts'
import { apiKeys, hashApiKey } from '../../../../../server/auth/schemes/api-keys.ts'
import { basic } from '../../../../../server/auth/schemes/basic.ts'
import { jwt } from '../../../../../server/auth/schemes/jwt/jwt.ts'
import type { JwtOptions } from '../../../../../server/auth/schemes/jwt/jwt-options.ts'
import { hashPassword, isPassword, parsePasswordHash } from '../../../../../server/auth/schemes/password-hash.ts'
import type { PreparedServer } from '../../../../../server/rpc/middleware.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const PRIVATE_PEM = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  .export({ type: 'pkcs8', format: 'pem' })
  .toString()
const SERVER = { methods: [], app: undefined } as unknown as PreparedServer

describe('jwt', () => {
  const valid: JwtOptions = { algorithms: ['ES256'], publicKey: PEM }

  test.each<[string, object, string]>([
    ['no algorithms', { ...valid, algorithms: [] }, 'algorithms is missing'],
    ['none', { ...valid, algorithms: ['none'] }, 'algorithms has "none": with public keys it can have RS256'],
    ['HS256 with a public key', { ...valid, algorithms: ['ES256', 'HS256'] }, 'algorithms has "HS256"'],
    ['RS256 with a secret', { algorithms: ['RS256'], secret: 'x'.repeat(64) }, 'with a secret it can have HS256'],
    ['no key', { algorithms: ['ES256'] }, 'give exactly one of jwksUri, keys, publicKey, secret'],
    ['two sources', { ...valid, keys: [{}] }, 'not keys and publicKey'],
    ['a short secret', { algorithms: ['HS512'], secret: 'tooshort' }, 'secret has 8 bytes: it must have at least 64'],
    ['http elsewhere', { algorithms: ['ES256'], jwksUri: 'http://id.test/keys' }, 'jwksUri is not an https URL'],
    ['a file', { algorithms: ['ES256'], jwksUri: 'file:///etc/keys' }, 'jwksUri is not an https URL'],
    ['a private key', { ...valid, publicKey: PRIVATE_PEM }, 'publicKey is a private key'],
    ['no PEM', { ...valid, publicKey: 'abc' }, 'publicKey is not a public key or certificate in PEM'],
    ['a private JWK', { algorithms: ['ES256'], keys: [privateKey.export({ format: 'jwk' })] }, 'keys has a private'],
    ['a time out of range', { ...valid, clockToleranceMs: -1 }, 'clockToleranceMs is -1: it must be from 0 to 600000'],
    ['an unknown name', { ...valid, issuers: ['a'] }, 'issuers is unknown: did you mean issuer?'],
  ])('refuses %s', (_what, options, text) => {
    expect(() => jwt(options as JwtOptions)).toThrow(text)
    const shown = (() => {
      try {
        return jwt(options as JwtOptions) && ''
      } catch (error) {
        return String(error)
      }
    })()
    expect(shown).not.toMatch(/tooshort|PRIVATE|BEGIN/)
  })
})

describe('apiKeys', () => {
  test.each<[string, Parameters<typeof apiKeys>[0], string]>([
    ['neither keys nor a file', {}, 'give either keys or file'],
    ['a header of the protocol', { keys: [], header: 'grpc-timeout' }, 'header is "grpc-timeout"'],
    ['an invalid header name', { keys: [], header: 'x key' }, 'header is "x key"'],
  ])('refuses %s', (_what, options, text) => {
    expect(() => apiKeys(options)).toThrow(text)
  })

  test.each<[string, object[], string]>([
    ['the key itself', [{ name: 'a', hash: 'secret-key' }], 'keys[0].hash is not a hash of hashApiKey'],
    ['a key twice', [1, 2].map(() => ({ name: 'a', hash: hashApiKey('k') })), 'keys[1].hash is there twice'],
    ['an empty key', [{ name: 'a', hash: hashApiKey('') }], 'keys[0].hash is that of an empty key'],
    ['no name', [{ hash: hashApiKey('k') }], '[0]: name and hash must be given'],
  ])('refuses %s at start-up', async (_what, keys, text) => {
    const prepared = (async () => apiKeys({ keys: keys as never }).prepare?.(SERVER))()
    await expect(prepared).rejects.toThrow(text)
    await expect(prepared).rejects.not.toThrow('secret-key')
  })

  test('a hash is the one of sha256sum', () => {
    expect(hashApiKey('test')).toBe('sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08')
  })
})

describe('basic', () => {
  test.each<[string, Parameters<typeof basic>[0], string]>([
    ['users and a file', { users: [], file: 'a' }, 'give either users or file'],
    ['a quote in the realm', { users: [], realm: 'a"b' }, 'realm must be printable ASCII'],
    ['no concurrency', { users: [], maxConcurrent: 0 }, 'maxConcurrent is 0: it must be a whole number from 1 to 64'],
  ])('refuses %s', (_what, options, text) => {
    expect(() => basic(options)).toThrow(text)
  })

  test('a password has its hash, which no other has', async () => {
    const text = await hashPassword('pässword')
    expect(text).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    const hash = parsePasswordHash(text)
    if (hash === undefined) throw new Error('the hash cannot be parsed')
    expect(await isPassword('pässword', hash)).toBe(true)
    expect(await isPassword('password', hash)).toBe(false)
  })

  test.each(['', 'secret', `$scrypt$ln=5,r=8,p=1$c2FsdHNhbHRzYWx0$${'A'.repeat(43)}`, '$2b$10$abcdefghijklmnopqrstuv'])(
    '%j is no hash of a password',
    (text) => {
      expect(parsePasswordHash(text)).toBeUndefined()
    },
  )
})

test('authenticate refuses options that cannot hold', () => {
  const scheme = { name: 'own', authenticate: () => null }
  expect(() => authenticate({ schemes: [] })).toThrow('schemes is empty')
  expect(() => authenticate({ schemes: [{} as never] })).toThrow('schemes[0] is not a scheme')
  expect(() => authenticate({ schemes: [scheme, scheme] })).toThrow('schemes has two of the name "own"')
  expect(() => authenticate({ schemes: [scheme], default: 'always' as never })).toThrow('default is "always"')
  expect(() => authenticate({ schemes: [scheme], exempt: ['a'], rules: { a: 'none' } })).toThrow('a is in exempt and')
})
