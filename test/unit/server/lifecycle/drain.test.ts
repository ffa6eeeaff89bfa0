import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { drain } from '../../../../server/lifecycle/drain.ts'

test.each([0, 1])('with a delay of %i ms health fails first, then the port closes', async (delayMs) => {
  const events: string[] = []
  const app = fastify()
  app.addHook('preClose', async () => {
    events.push('closing')
  })
  const drained = drain(app, { health: { shutdown: () => events.push('not serving') }, delayMs })
  expect(events).toEqual(['not serving'])
  await drained
  expect(events).toEqual(['not serving', 'closing'])
})
