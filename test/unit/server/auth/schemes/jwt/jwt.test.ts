/** Verified tokens are remembered, and no longer than they are valid. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { HandlerContext } from '@connectrpc/connect'
import { afterEach, expect, test, vi } from 'vitest'
import { jwt } from '../../../../../../server/auth/schemes/jwt/jwt.ts'
import type { JwtOptions } from '../../../../../../server/auth/schemes/jwt/jwt-options.ts'
import type { Principal } from '../../../../../../server/rpc/context-keys.ts'
import type { PreparedServer } from '../../../../../../server/rpc/middleware.ts'
import { LogCapture } from '../../../../../support/log-capture.ts'
import { AUDIENCE, createIssuerKey, ISSUER, signToken } from '../../../../../support/tokens.ts'

const KEY = createIssuerKey('one')

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function prepare(options: Partial<JwtOptions> = {}) {
  const { logger: log } = new LogCapture()
  const scheme = jwt({ algorithms: ['ES256'], publicKey: KEY.pem, issuer: ISSUER, audience: AUDIENCE, ...options })
  await scheme.prepare?.({ log } as unknown as PreparedServer)
  return async (token: string) => {
    const requestHeader = new Headers({ authorization: `Bearer ${token}` })
    return scheme.authenticate({ requestHeader } as HandlerContext)
  }
}

test.each<[string, Partial<JwtOptions>]>([
  ['type', { algorithms: ['RS256', 'EdDSA'] }],
  ['curve', { algorithms: ['ES384'] }],
  ['size', { algorithms: ['RS256'], publicKey: pemOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey) }],
])('a key of another %s than the algorithms need ends the start', async (_what, options) => {
  await expect(prepare(options)).rejects.toThrow(/^jwt: the key has another type, curve or size than /)
})

test('a token is verified once', async () => {
  const authenticate = await prepare()
  const verify = vi.spyOn(crypto.subtle, 'verify')
  const token = await signToken(KEY)
  const first = await authenticate(token)
  expect(await authenticate(token)).toBe(first)
  expect(verify).toHaveBeenCalledTimes(1)
})

test('no call changes the claims that others see', async () => {
  const authenticate = await prepare()
  const token = await signToken(KEY, { claims: { scope: 'a b', realm: { roles: ['user'] } } })
  const { scopes, claims } = (await authenticate(token)) as Principal
  for (const list of [scopes, (claims.realm as { roles: string[] }).roles] as string[][]) {
    expect(() => list.push('admin')).toThrow(TypeError)
  }
  expect(await authenticate(token)).toMatchObject({ scopes: ['a', 'b'], claims: { realm: { roles: ['user'] } } })
})

test('a remembered token is refused once it has expired', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  const authenticate = await prepare({ clockToleranceMs: 2_000, tokenCacheMs: 3_600_000 })
  const token = await signToken(KEY, { claims: { exp: Math.floor(Date.now() / 1_000) + 10 } })
  await authenticate(token)
  vi.advanceTimersByTime(11_000)
  expect(await authenticate(token)).toMatchObject({ name: 'ada' })
  vi.advanceTimersByTime(1_001)
  await expect(authenticate(token)).rejects.toMatchObject({ reason: 'expired' })
})

test('a token is verified again after the time, and for every call with 0', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
  const token = await signToken(KEY)
  const remembering = await prepare({ tokenCacheMs: 1_000 })
  const forgetting = await prepare({ tokenCacheMs: 0 })
  const verify = vi.spyOn(crypto.subtle, 'verify')
  for (const _ of [1, 2]) await remembering(token)
  vi.advanceTimersByTime(1_001)
  await remembering(token)
  expect(verify).toHaveBeenCalledTimes(2)
  for (const _ of [1, 2, 3]) await forgetting(token)
  expect(verify).toHaveBeenCalledTimes(5)
})

test('an invalid token stays invalid, whatever is remembered', async () => {
  const authenticate = await prepare()
  const token = await signToken(KEY)
  await authenticate(token)
  for (const wrong of [`${token}x`, token.slice(0, -4), await signToken(createIssuerKey('one'))]) {
    await expect(authenticate(wrong)).rejects.toMatchObject({ reason: 'signature' })
    await expect(authenticate(wrong)).rejects.toMatchObject({ reason: 'signature' })
  }
})

test('a token without required claims is refused, and the default is exp', async () => {
  const token = await signToken(KEY, { claims: { exp: undefined as unknown as number } })
  await expect((await prepare())(token)).rejects.toMatchObject({ reason: 'claim exp' })
  expect(await (await prepare({ requiredClaims: [] }))(token)).toMatchObject({ name: 'ada' })
  await expect((await prepare({ requiredClaims: ['tenant'] }))(token)).rejects.toMatchObject({ reason: 'claim tenant' })
})
