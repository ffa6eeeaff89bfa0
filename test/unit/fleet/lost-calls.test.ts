import { expect, test } from 'vitest'
import type { LoggedCall } from '../../fleet/call-log.ts'
import { unexcusedFailures } from '../../fleet/lost-calls.ts'

const LOSS = { address: 'a:1', atMs: 100, foundAtMs: 200 }
const LOST: LoggedCall = {
  method: 'GetStream',
  isServerStreaming: true,
  startedAtMs: 90,
  endedAtMs: 150,
  outcome: 'Unavailable',
  message: '',
  peer: 'a:1',
  hasReceived: true,
}

test.each<[string, Partial<LoggedCall>, excused: { readonly retry: boolean; readonly noRetry: boolean }]>([
  ['a stream that had begun to be answered', {}, { retry: true, noRetry: true }],
  ['a stream that had not', { hasReceived: false }, { retry: false, noRetry: true }],
  ['a call with one answer', { isServerStreaming: false }, { retry: false, noRetry: true }],
  ['another code', { outcome: 'DeadlineExceeded' }, { retry: false, noRetry: false }],
  ['another server', { peer: 'b:1' }, { retry: false, noRetry: false }],
  ['no connection at all', { peer: null }, { retry: false, noRetry: false }],
  ['before the loss', { startedAtMs: 10, endedAtMs: 90 }, { retry: false, noRetry: false }],
  ['begun after it was found', { startedAtMs: 201, endedAtMs: 210 }, { retry: false, noRetry: false }],
])('classifies a failure: %s', (_name, difference, { retry, noRetry }) => {
  const calls = [
    { ...LOST, ...difference },
    { ...LOST, outcome: 'OK' },
  ]
  expect(unexcusedFailures(calls, [LOSS], true)).toEqual(retry ? [] : calls.slice(0, 1))
  expect(unexcusedFailures(calls, [LOSS], false)).toEqual(noRetry ? [] : calls.slice(0, 1))
})
