import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { drain } from '../../../../server/lifecycle/drain.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

test.each([0, 1])('with a delay of %i ms health fails first, then the port closes', async (delayMs) => {
  const events: string[] = []
  const app = fastify()
  app.addHook('preClose', async () => {
    events.push('closing')
  })
  const drained = drain(app, {
    health: { shutdown: () => events.push('not serving') },
    delayMs,
    clock: new ManualClock(),
  })
  expect(events).toEqual(['not serving'])
  await drained
  expect(events).toEqual(['not serving', 'closing'])
})

describe('the delay', () => {
  async function startDrain(delayMs: number) {
    const app = fastify()
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    const clock = new ManualClock()
    const drained = drain(app, { health: { shutdown() {} }, delayMs, clock })
    const { port } = app.server.address() as AddressInfo
    const openConnection = async () => {
      const accepted = once(app.server, 'connection')
      const socket = connect({ port, host: '127.0.0.1' })
      onTestFinished(() => void socket.destroy())
      await accepted
      socket.destroy()
    }
    return { clock, drained, openConnection, isOpen: () => app.server.listening }
  }

  test('ends once no new connection has come for a quarter of it', async () => {
    const { clock, drained, openConnection, isOpen } = await startDrain(20_000)
    clock.advance(4_000)
    await openConnection()
    clock.advance(4_900)
    expect(isOpen()).toBe(true)
    clock.advance(100)
    await drained
    expect(isOpen()).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('is not extended by connections', async () => {
    const { clock, drained, openConnection, isOpen } = await startDrain(8_000)
    for (let second = 1; second < 8; second++) {
      clock.advance(1_000)
      await openConnection()
    }
    expect(isOpen()).toBe(true)
    clock.advance(1_000)
    await drained
  })

  test.each([
    [2_000, 1_000],
    [800, 800],
  ])('of %i ms without a connection takes %i ms', async (delayMs, tookMs) => {
    const { clock, drained, isOpen } = await startDrain(delayMs)
    clock.advance(tookMs - 1)
    await Promise.resolve()
    expect(isOpen()).toBe(true)
    clock.advance(1)
    await drained
  })

  test('ends when the server is closed meanwhile', async () => {
    const app = fastify()
    await app.listen({ port: 0, host: '127.0.0.1' })
    const clock = new ManualClock()
    const drained = drain(app, { health: { shutdown() {} }, delayMs: 60_000, clock })
    await app.close()
    await drained
    expect(clock.pending).toBe(0)
  })
})
