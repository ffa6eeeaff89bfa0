/** How the console waits for a server that is away. */
import { expect, it } from 'vitest'
import { Alarm } from '../../../../console/app/session/alarm.ts'
import { retryDelayMs } from '../../../../console/app/session/retry-delay.ts'

it('waits longer after each failure, and at most 15 s', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(retryDelayMs)).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
})

it('ends a wait when the alarm rings, and not one that starts later', async () => {
  const alarm = new Alarm()
  const ended: string[] = []
  const first = alarm.wait(60_000).then(() => ended.push('first'))
  alarm.ring()
  await first
  alarm.ring()
  const second = alarm.wait(30).then(() => ended.push('second'))
  await Promise.resolve()
  expect(ended).toEqual(['first'])
  await second
  expect(ended).toEqual(['first', 'second'])
})
