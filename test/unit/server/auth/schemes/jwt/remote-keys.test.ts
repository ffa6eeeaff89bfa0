import type { JWTVerifyGetKey } from 'jose'
import { expect, test } from 'vitest'
import { RemoteKeys } from '../../../../../../server/auth/schemes/jwt/remote-keys.ts'

const TOKEN = {} as Parameters<JWTVerifyGetKey>[1]

/** Key sets are strings of key ids here; the issuer answers when told. */
function createKeys() {
  const state = { nowMs: 1_000_000, reads: 0, failures: 0, answer: 'a' as string | Error }
  const waiting: (() => void)[] = []
  let isHeld = false
  const keys = new RemoteKeys({
    read: async () => {
      state.reads += 1
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
      if (state.answer instanceof Error) throw state.answer
      return { keys: [...state.answer].map((kid) => ({ kid })) } as never
    },
    select: (set) =>
      (async ({ kid }: { kid?: string }) => {
        if (!set.keys.some((key) => key.kid === kid))
          throw Object.assign(new Error('no key'), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
        return kid
      }) as unknown as JWTVerifyGetKey,
    cacheMs: 10_000,
    cooldownMs: 3_000,
    onFailure: () => {
      state.failures += 1
    },
    now: () => state.nowMs,
  })
  return {
    state,
    find: async (kid: string) => keys.find({ alg: 'RS256', kid }, TOKEN),
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

test('a hundred first calls share one read', async () => {
  const { state, find } = createKeys()
  await Promise.all(Array.from({ length: 100 }, () => find('a')))
  expect(state.reads).toBe(1)
})

test('unknown keys cause one read per cooldown, and calls at the same time share it', async () => {
  const { state, find } = createKeys()
  await find('a')
  for (let index = 0; index < 50; index++) await expect(find('b')).rejects.toThrow('no key')
  expect(state.reads).toBe(1)
  state.nowMs += 3_000
  state.answer = 'ab'
  expect(await Promise.all(Array.from({ length: 50 }, () => find('b')))).toEqual(Array(50).fill('b'))
  expect(state.reads).toBe(2)
})

test('a key that the issuer removed is refused once the set is old', async () => {
  const { state, find } = createKeys()
  await find('a')
  state.answer = 'b'
  state.nowMs += 9_999
  await expect(find('a')).resolves.toBe('a')
  state.nowMs += 1
  await expect(find('a')).rejects.toThrow('no key')
})

test('known keys stay in use while reads fail, which a cooldown separates', async () => {
  const { state, find } = createKeys()
  await find('a')
  state.answer = new Error('down')
  state.nowMs += 10_000
  for (let index = 0; index < 10; index++) expect(await find('a')).toBe('a')
  expect(state).toMatchObject({ reads: 2, failures: 1 })
  state.nowMs += 3_000
  expect(await find('a')).toBe('a')
  await expect.poll(() => state.reads).toBe(3)
})

test('calls with known keys do not wait for an issuer that hangs after it has failed', async () => {
  const { state, find, hold, release } = createKeys()
  await find('a')
  state.answer = new Error('down')
  state.nowMs += 10_000
  await find('a')
  state.nowMs += 3_000
  hold()
  expect(await find('a')).toBe('a')
  release()
})

test('without any keys reads are retried every second, and calls are UNAVAILABLE', async () => {
  const { state, find } = createKeys()
  state.answer = new Error('down')
  for (let index = 0; index < 5; index++) await expect(find('a')).rejects.toThrow('not available')
  expect(state.reads).toBe(1)
  state.nowMs += 1_000
  state.answer = 'a'
  expect(await find('a')).toBe('a')
})
