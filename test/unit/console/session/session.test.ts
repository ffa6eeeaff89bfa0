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
  const first = alarm.wait(60_000).then((isRung) => ended.push(`first ${isRung}`))
  alarm.ring()
  await first
  alarm.ring()
  const second = alarm.wait(30).then((isRung) => ended.push(`second ${isRung}`))
  await Promise.resolve()
  expect(ended).toEqual(['first true'])
  await second
  expect(ended).toEqual(['first true', 'second false'])
})

it('ends all waits when the alarm rings', async () => {
  const alarm = new Alarm()
  const waits = [alarm.wait(60_000), alarm.wait(60_000)]
  alarm.ring()
  expect(await Promise.all(waits)).toEqual([true, true])
})
