import { expect, test } from 'vitest'
import type { HistoryEntry } from '../../../../console/app/saved/history.ts'
import { searchHistory } from '../../../../console/app/saved/history-search.ts'

function entry(method: string, code: string, message: string, isPinned = false): HistoryEntry {
  const headers = [{ name: 'x-trace', value: `of ${method}` }]
  const call = { method, protocol: 'connect', headers, messages: [message] } as const
  return { id: method, startedAtMs: 0, durationMs: 0, isCut: false, isPinned, code, call }
}

const ENTRIES = [
  entry('shop.v1.Shop/Buy', 'OK', '{"item":"Éclair"}', true),
  entry('shop.v1.Shop/Sell', 'NOT_FOUND', '{"item":"שלום"}'),
]

test.each([
  ['', 2],
  ['shop', 2],
  ['SHOP buy', 1],
  ['not_found', 1],
  ['éclair', 1],
  ['שלום', 1],
  ['x-trace: of shop.v1.shop/sell', 1],
  ['buy sell', 0],
  ['.*', 0],
])('%j finds %i', (text, count) => {
  expect(searchHistory(ENTRIES, { text, isPinnedOnly: false })).toHaveLength(count)
})

test('pinned ones alone', () => {
  expect(searchHistory(ENTRIES, { text: '', isPinnedOnly: true }).map(({ code }) => code)).toEqual(['OK'])
})
