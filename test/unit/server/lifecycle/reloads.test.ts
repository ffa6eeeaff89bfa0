import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { Reloads, reloadsOf } from '../../../../server/lifecycle/reloads.ts'
import { LogCapture } from '../../../support/log-capture.ts'

test('reloads every part in order; one that fails is logged and stops no other', async () => {
  const log = new LogCapture()
  const reloads = new Reloads(log.logger)
  const ran: string[] = []
  reloads.add('first', () => void ran.push('first'))
  reloads.add('thrown', () => {
    throw new Error('not JSON')
  })
  reloads.add('rejected', async () => {
    throw new Error('no such file')
  })
  reloads.add('reported', () => false)
  reloads.add('last', async () => {
    await Promise.resolve()
    ran.push('last')
  })
  expect(await reloads.run()).toEqual([
    { name: 'first', isReloaded: true },
    { name: 'thrown', isReloaded: false },
    { name: 'rejected', isReloaded: false },
    { name: 'reported', isReloaded: false },
    { name: 'last', isReloaded: true },
  ])
  expect(ran).toEqual(['first', 'last'])
  const failures = log.withMessage('reload failed: keeping what is in use')
  expect(failures.map(({ part, err }) => [part, (err as { message: string }).message])).toEqual([
    ['thrown', 'not JSON'],
    ['rejected', 'no such file'],
  ])
  expect(log.withMessage('reloaded')).toHaveLength(1)
})

test('runs do not overlap, and calls during a run share the next one', async () => {
  const reloads = new Reloads(new LogCapture().logger)
  const releases: (() => void)[] = []
  let open = 0
  let runs = 0
  reloads.add('slow', async () => {
    runs += 1
    open += 1
    expect(open).toBe(1)
    await new Promise<void>((resolve) => releases.push(resolve))
    open -= 1
  })
  const first = reloads.run()
  await expect.poll(() => releases.length).toBe(1)
  const [second, third] = [reloads.run(), reloads.run()]
  expect(third).toBe(second)
  releases[0]?.()
  await first
  await expect.poll(() => releases.length).toBe(2)
  releases[1]?.()
  await second
  expect(runs).toBe(2)
})

test('a part can be removed, and the plugins of one Fastify share their parts', async () => {
  const app = fastify()
  const remove = reloadsOf(app).add('policy', () => {})
  await app.register(async (scope) => {
    expect(reloadsOf(scope).has('policy')).toBe(true)
  })
  await app.ready()
  remove()
  expect(await reloadsOf(app).run()).toEqual([])
  expect(reloadsOf(fastify()).has('policy')).toBe(false)
})
