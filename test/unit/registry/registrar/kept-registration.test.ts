/** How an instance is removed from a registry that the test plays. */
import { expect, test } from 'vitest'
import { KeptRegistration } from '../../../../registry/registrar/kept-registration.ts'
import { instanceOf } from '../../../support/contracts/registrar-contract.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { settled } from '../../../support/settled.ts'
import { untilAborted } from '../../../support/until-aborted.ts'

/** Registers at a registry that fails to remove an instance so many times. */
function registerAt({ failures }: { readonly failures: number }) {
  const clock = new ManualClock()
  const messages: string[] = []
  const log = (_fields: object, message: string) => void messages.push(message)
  const removals = { attempts: 0 }
  const hold = {
    registry: 'test',
    async hold(onRegistered: () => void, signal: AbortSignal) {
      onRegistered()
      await untilAborted(signal).catch(() => {})
    },
    async release() {
      removals.attempts += 1
      if (removals.attempts <= failures) throw new Error('too many requests')
    },
  }
  const registration = new KeptRegistration(hold, instanceOf('a'), {
    clock,
    random: () => 0.5,
    log: { info: log, warn: log },
  })
  return { clock, messages, removals, registration }
}

test.each([
  [0, 1, 'deregistered'],
  [2, 3, 'deregistered'],
  [3, 3, 'could not be deregistered; it stays until it expires or is removed'],
])('after %d failures an instance was removed %d times: %s', async (failures, attempts, message) => {
  const { clock, messages, removals, registration } = registerAt({ failures })
  await settled()
  const done = registration.deregister(5_000)
  for (const waitMs of [250, 500]) {
    await settled()
    clock.advance(waitMs)
  }
  await done
  expect(removals.attempts).toBe(attempts)
  expect(messages).toEqual(['registered', message])
})

test('no removal is tried again once the time is up', async () => {
  const { clock, removals, registration } = registerAt({ failures: 3 })
  await settled()
  const done = registration.deregister(200)
  await settled()
  clock.advance(200)
  await done
  await settled()
  clock.advance(10_000)
  await settled()
  expect(removals.attempts).toBe(1)
  expect(clock.pending).toBe(0)
})
