import { expect, test } from 'vitest'
import { GuardedEdge } from '../../../../../client/node/base/guarded-edge.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { settled } from '../../../../support/settled.ts'

function boom(): never {
  throw new Error('boom')
}

function open() {
  const reports: string[] = []
  const callbackFaults: unknown[] = []
  const edge = new GuardedEdge({
    name: 'the guest',
    report: ({ message }) => reports.push(message),
    onCallbackFault: (thrown) => callbackFaults.push(thrown),
  })
  return { edge, reports, callbackFaults }
}

test('a guarded call returns its value, or the fallback for its error', async () => {
  const { edge, reports } = open()
  expect(
    edge.call(
      () => 1,
      () => 2,
    ),
  ).toBe(1)
  expect(edge.call(boom, () => 2)).toBe(2)
  const late: unknown[] = []
  edge.call<unknown>(
    async () => boom(),
    (thrown) => late.push(thrown),
  )
  await settled()
  expect(late).toEqual([new Error('boom')])
  expect(reports).toEqual(['the guest failed: boom'])
})

test.each<[unknown, string]>([
  [new Error('what happened'), 'what happened'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [Object.create(null), 'an error without text'],
  [Object.defineProperty(new Error(), 'message', { get: boom }), 'an error without text'],
])('reports any thrown value: %#', (thrown, reason) => {
  const { edge, reports } = open()
  edge.report(thrown)
  expect(reports).toEqual([`the guest failed: ${reason}`])
})

test('the same error is reported once, and distinct errors do not flood the log', () => {
  const { edge, reports } = open()
  for (let i = 0; i < 1_000; i++) {
    edge.report('again')
    edge.report(i)
  }
  expect(reports.filter((text) => text.endsWith('again'))).toHaveLength(1)
  expect(reports).toHaveLength(20)
})

test('guarded callbacks and timers may throw, and do not run after close', () => {
  const { edge, reports, callbackFaults } = open()
  const clock = new ManualClock()
  const guarded = edge.clock(clock)
  const calls: string[] = []
  const callback = edge.wrap((text: string) => {
    calls.push(text)
    boom()
  })
  callback('callback')
  guarded.schedule(boom, 10)
  guarded.schedule(() => calls.push('timer'), 10)
  guarded.schedule(() => calls.push('cancelled'), 10).cancel()
  expect(guarded.now()).toBe(clock.now())
  clock.advance(10)
  guarded.schedule(() => calls.push('late'), 10)
  edge.close()
  expect(clock.pending).toBe(0)
  callback('late')
  expect(calls).toEqual(['callback', 'timer'])
  expect(callbackFaults).toHaveLength(2)
  expect(reports).toEqual(['the guest failed: boom'])
})
