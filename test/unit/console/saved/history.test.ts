/** The history without IndexedDB, so in memory; test/browser/console has the rest. */
import { beforeEach, expect, test } from 'vitest'
import type { SavedCall } from '../../../../console/app/contracts/saved-call.ts'
import {
  clearHistory,
  deleteEntry,
  MAX_ENTRIES,
  pinEntry,
  readHistory,
  recordCall,
} from '../../../../console/app/saved/history.ts'
import { storageFault } from '../../../../console/app/saved/kept-store.ts'
import { markSecret } from '../../../../console/app/saved/secret-names.ts'
import { credentialHeaders } from '../../../../console/app/session/credentials.ts'

const CALL: SavedCall = { method: 'a.B/C', protocol: 'connect', headers: [], messages: ['{}'] }
const OK = { code: 'OK', durationMs: 5 }

beforeEach(() => clearHistory({ keepsPinned: false }))

test('says that nothing is kept where storage is blocked', async () => {
  await readHistory()
  expect(storageFault.value).toContain('blocks storage')
})

test('keeps calls, the newest first', async () => {
  await recordCall({ ...CALL, method: 'a.B/First' }, { code: 'OK', durationMs: 5_000 })
  await recordCall({ ...CALL, method: 'a.B/Second' }, { code: 'NOT_FOUND', durationMs: 5 })
  const entries = await readHistory()
  expect(entries.map(({ call, code, durationMs }) => [call.method, code, durationMs])).toEqual([
    ['a.B/Second', 'NOT_FOUND', 5],
    ['a.B/First', 'OK', 5_000],
  ])
})

test('never keeps secrets: well-known, of the sign-in, and marked ones', async () => {
  credentialHeaders.value = [['X-Session', 'one']]
  markSecret('x-marked', true)
  const names = ['Authorization', 'x-session', 'X-Marked', 'x-open']
  await recordCall({ ...CALL, headers: names.map((name) => ({ name, value: 'hunter2' })) }, OK)
  const [entry] = await readHistory()
  expect(entry?.call.headers.map(({ value }) => value)).toEqual(['', '', '', 'hunter2'])
  markSecret('x-marked', false)
  credentialHeaders.value = []
})

test.each([
  ['X-Amz-Security-Token', ''],
  ['x-goog-api-key', ''],
  ['apikey', ''],
  ['my-session-id', ''],
  ['X-User-Password-Bin', ''],
  ['proxy-authorization', ''],
  ['x-request-id', 'hunter2'],
  ['idempotency-key', 'hunter2'],
  ['x-author', 'hunter2'],
])('keeps of the header %s the value "%s"', async (name, value) => {
  await recordCall({ ...CALL, headers: [{ name, value: 'hunter2' }] }, OK)
  expect((await readHistory())[0]?.call.headers).toEqual([{ name, value }])
})

test('forgets old calls, except for pinned ones', async () => {
  await recordCall({ ...CALL, method: 'a.B/Pinned' }, { code: 'OK', durationMs: 9_000_000 })
  await pinEntry((await readHistory())[0]?.id ?? '', true)
  for (let index = 0; index < MAX_ENTRIES + 5; index++) {
    await recordCall({ ...CALL, method: `a.B/M${index}` }, { code: 'OK', durationMs: 8_000_000 - index * 10 })
  }
  const entries = await readHistory()
  expect(entries).toHaveLength(MAX_ENTRIES + 1)
  expect(entries.at(-1)).toMatchObject({ isPinned: true, call: { method: 'a.B/Pinned' } })
  expect(entries.at(-2)?.call.method).toBe('a.B/M5')
  await clearHistory({ keepsPinned: true })
  expect((await readHistory()).map(({ call }) => call.method)).toEqual(['a.B/Pinned'])
})

test('bounds the messages of a call, and never cuts through one', async () => {
  await recordCall({ ...CALL, messages: ['"short"', `"${'x'.repeat(40_000)}"`, '"also short"'] }, OK)
  const [entry] = await readHistory()
  expect(entry).toMatchObject({ isCut: true, call: { messages: ['"short"'] } })
})

test('deletes an entry', async () => {
  await recordCall(CALL, OK)
  const [entry] = await readHistory()
  await pinEntry(entry?.id ?? '', true)
  await deleteEntry(entry?.id ?? '')
  expect(await readHistory()).toEqual([])
})
