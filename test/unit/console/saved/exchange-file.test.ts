/** Export and import, with the browser's storage replaced by memory. */
import { beforeEach, expect, test } from 'vitest'
import type { SavedCall } from '../../../../console/app/contracts/saved-call.ts'
import { addCall } from '../../../../console/app/saved/collection.ts'
import { addCollection, clearCollections, readCollections } from '../../../../console/app/saved/collections.ts'
import { exportAll, importAll, readExchange, writeExchange } from '../../../../console/app/saved/exchange-file.ts'
import { clearHistory, readHistory, recordCall } from '../../../../console/app/saved/history.ts'

const CALL: SavedCall = {
  method: 'a.B/C',
  protocol: 'connect',
  headers: [{ name: 'authorization', value: 'hunter2' }],
  messages: ['{"a":"<script>\u202e"}'],
}

beforeEach(async () => {
  await clearHistory({ keepsPinned: false })
  await clearCollections()
})

async function fill(): Promise<void> {
  await recordCall(CALL, { code: 'OK', durationMs: 1 })
  await addCollection(addCall({ name: '<b>One</b>', calls: [] }, 'Call', CALL))
}

async function kept(): Promise<unknown> {
  const { history, collections } = await exportAll()
  return {
    history: history.map(({ call, code }) => [call.method, code]),
    collections: collections.map(({ name, calls }) => [name, calls.map((each) => each.name)]),
  }
}

const FILLED = { history: [['a.B/C', 'OK']], collections: [['<b>One</b>', ['Call']]] }

test('a file brings everything back, without secrets', async () => {
  await fill()
  const text = writeExchange(await exportAll())
  expect(text).not.toContain('hunter2')
  expect(text).toContain('"name": "authorization"')
  await clearHistory({ keepsPinned: false })
  await clearCollections()
  await importAll(readExchange(text), 'merge')
  expect(await kept()).toEqual(FILLED)
  expect((await readHistory())[0]?.call).toEqual({ ...CALL, headers: [{ name: 'authorization', value: '' }] })
})

test('merging twice adds nothing twice', async () => {
  await fill()
  const exported = readExchange(writeExchange(await exportAll()))
  await importAll(exported, 'merge')
  await importAll(exported, 'merge')
  expect(await kept()).toEqual(FILLED)
})

test('merging adds the calls of a collection of the same name, with ids of their own', async () => {
  await fill()
  const exported = await exportAll()
  const [collection] = exported.collections
  const renamed = { name: '<b>One</b>', calls: collection?.calls.map((each) => ({ ...each, name: 'Other' })) ?? [] }
  await importAll({ history: [], collections: [renamed] }, 'merge')
  const [merged] = await readCollections()
  expect(merged?.calls.map(({ name }) => name)).toEqual(['Call', 'Other'])
  expect(new Set(merged?.calls.map(({ id }) => id)).size).toBe(2)
})

test('replacing leaves only what is in the file', async () => {
  await fill()
  await importAll({ history: [], collections: [{ name: 'New', calls: [] }] }, 'replace')
  expect(await kept()).toEqual({ history: [], collections: [['New', []]] })
})

test('a file that cannot replace all leaves what is there', async () => {
  await fill()
  const collections = Array.from({ length: 201 }, (_, index) => ({ name: `${index}`, calls: [] }))
  await expect(importAll({ history: [], collections }, 'replace')).rejects.toThrow('up to 200 collections')
  expect(await kept()).toEqual(FILLED)
})

test('a call that someone has copied within a file is a call of its own', async () => {
  const one = { id: '0123456789abcdef', name: 'One', call: CALL }
  const collections = [{ name: 'a', calls: [one, { ...one, name: 'Two' }, { ...one, name: 'Three' }] }]
  await importAll(readExchange(JSON.stringify({ format: 'portico-console', version: 1, collections })), 'merge')
  const [collection] = await readCollections()
  expect(new Set(collection?.calls.map(({ id }) => id)).size).toBe(3)
  expect(collection?.calls[0]?.id).toBe(one.id)
})

const FILE = { format: 'portico-console', version: 1 }
const ENTRY = { startedAtMs: 1, code: 'OK', durationMs: 1, call: CALL }

test.each([
  ['', 'the file is not JSON'],
  ['[]', 'the file must be an object'],
  ['{}', 'not an export'],
  [JSON.stringify({ ...FILE, version: 2 }), 'has version 2'],
  [JSON.stringify({ ...FILE, history: {} }), 'history must be a list'],
  [JSON.stringify({ ...FILE, history: [ENTRY, { ...ENTRY, code: 5 }] }), 'history[1].code must be a text'],
  [JSON.stringify({ ...FILE, history: [{ ...ENTRY, startedAtMs: 'now' }] }), 'history[0].startedAtMs must be a number'],
  [
    JSON.stringify({ ...FILE, history: [{ ...ENTRY, call: { ...CALL, protocol: 'x' } }] }),
    'history[0].call.protocol must',
  ],
  [JSON.stringify({ ...FILE, collections: [{ name: ' ', calls: [] }] }), 'collections[0].name cannot be empty'],
  [
    JSON.stringify({ ...FILE, collections: [{ name: 'a', calls: [{ name: 'b', call: { ...CALL, headers: [1] } }] }] }),
    'collections[0].calls[0].call.headers[0] must be an object',
  ],
])('%j is refused', (text, reason) => {
  expect(() => readExchange(text)).toThrow(reason)
})

test('hostile keys change nothing', () => {
  const text = `{"format":"portico-console","version":1,"__proto__":{"x":1},"collections":[{"name":"a","calls":[],"__proto__":{"y":1}}]}`
  expect(readExchange(text)).toEqual({ history: [], collections: [{ name: 'a', calls: [] }] })
  expect(Reflect.get({}, 'x') ?? Reflect.get({}, 'y')).toBeUndefined()
})
