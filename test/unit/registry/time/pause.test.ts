/** Waits of registries: what ends them, and that they leave nothing behind. */
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Pace } from '../../../../registry/time/pace.ts'
import { pause } from '../../../../registry/time/pause.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

test.each([
  ['the delay is over', ({ clock }: Waiting) => clock.advance(100)],
  ['its signal aborts', ({ abort }: Waiting) => abort.abort()],
  ['it is woken', ({ wake }: Waiting) => wake()],
])('a pause ends when %s, and leaves no timer and no listener', async (_, end) => {
  const clock = new ManualClock()
  const abort = new AbortController()
  let wake = () => {}
  const paused = pause(clock, 100, abort.signal, (wakeNow) => {
    wake = wakeNow
  })
  clock.advance(99)
  expect(clock.pending).toBe(1)
  end({ clock, abort, wake })
  await paused
  wake()
  expect(clock.pending).toBe(0)
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

interface Waiting {
  readonly clock: ManualClock
  readonly abort: AbortController
  readonly wake: () => void
}

test('a pause under an aborted signal takes no time', async () => {
  const clock = new ManualClock()
  await pause(clock, 100, AbortSignal.abort())
  expect(clock.pending).toBe(0)
})

test('five turns are free, each further one takes a second, and time brings them back', async () => {
  const clock = new ManualClock()
  const pace = new Pace(clock)
  const { signal } = new AbortController()
  for (let turn = 0; turn < 5; turn++) expect(await pace.turn(signal)).toBe(false)
  const sixth = pace.turn(signal)
  clock.advance(999)
  expect(clock.pending).toBe(1)
  clock.advance(1)
  expect(await sixth).toBe(true)
  clock.advance(2_000)
  for (let turn = 0; turn < 2; turn++) expect(await pace.turn(signal)).toBe(false)
  void pace.turn(signal)
  expect(clock.pending).toBe(1)
})
