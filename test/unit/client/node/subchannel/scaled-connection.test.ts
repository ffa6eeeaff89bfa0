import { describe, expect, test } from 'vitest'
import type { SubchannelConnection } from '../../../../../client/node/contracts/subchannel.ts'
import { openFakeSubchannel } from '../../../../support/fake-subchannel.ts'
import { settled } from '../../../../support/settled.ts'

const SINK = { onHead() {}, onReadable() {}, onWritable() {}, onReset() {} }

/** A subchannel with one connection, to which others may be added. */
async function connected(limits = { max: 3 }) {
  const { clock, connector, subchannel } = openFakeSubchannel({ maxConnections: () => limits.max })
  subchannel.connect()
  connector.last.succeed()
  await settled()
  const connection = (): SubchannelConnection => subchannel.connection ?? expect.unreachable('no connection')
  /** Starts a call, which may wait for capacity. `madeOn` returns the number of its connection. */
  const call = (): { leave(): void; madeOn(): number } => {
    const before = connector.attempts.map(({ streams }) => streams.length)
    const place = { leave: () => {} }
    const start = (): void => {
      if (subchannel.connection === null) return
      if (connection().canRequest) connection().request([], SINK)
      else place.leave = connection().whenCapacity(start)
    }
    start()
    return {
      leave: () => place.leave(),
      madeOn: () => connector.attempts.findIndex(({ streams }, index) => streams.length > (before[index] ?? 0)),
    }
  }
  const attempt = (index: number) => connector.attempts[index] ?? expect.unreachable(`no attempt ${index}`)
  return { clock, connector, subchannel, connection, call, attempt }
}

describe('a subchannel with several connections (gRFC A105)', () => {
  test('opens another when the first is full, and waiting calls use it', async () => {
    const { connector, call, attempt } = await connected()
    expect(call().madeOn()).toBe(0)
    expect(connector.attempts).toHaveLength(1)
    attempt(0).canRequest = false
    const waiting = [call(), call()]
    expect(connector.attempts).toHaveLength(2)
    attempt(1).succeed()
    await settled()
    expect(waiting.map(({ madeOn }) => madeOn())).toEqual([1, 1])
    attempt(0).makeRoom()
    expect(call().madeOn()).toBe(0)
  })

  test('opens them one at a time, up to the limit', async () => {
    const { connector, call, attempt } = await connected()
    attempt(0).canRequest = false
    const waiting = [call(), call()]
    for (const index of [1, 2]) {
      expect(connector.attempts).toHaveLength(index + 1)
      attempt(index).canRequest = false
      attempt(index).succeed()
      await settled()
    }
    expect(connector.attempts).toHaveLength(3)
    expect(waiting.map(({ madeOn }) => madeOn())).toEqual([-1, -1])
    attempt(2).makeRoom()
    expect(waiting.map(({ madeOn }) => madeOn())).toEqual([2, 2])
  })

  test('opens none while a new config allows only one', async () => {
    const limits = { max: 2 }
    const { connector, call, attempt } = await connected(limits)
    limits.max = 1
    attempt(0).canRequest = false
    call()
    expect(connector.attempts).toHaveLength(1)
  })

  test('serves a call that arrives just as another connection is ready', async () => {
    const { call, attempt } = await connected()
    attempt(0).canRequest = false
    const waiting = [call()]
    attempt(1).succeed()
    waiting.push(call())
    await settled()
    expect(waiting.map(({ madeOn }) => madeOn())).toEqual([1, 1])
  })

  test('backs off after a failure, while calls use the first connection', async () => {
    const { clock, connector, subchannel, call, attempt } = await connected()
    attempt(0).canRequest = false
    const waiting = [call(), call()]
    attempt(1).fail()
    await settled()
    expect([subchannel.state, connector.attempts.length]).toEqual(['READY', 2])
    clock.advance(1_000)
    await settled()
    expect(connector.attempts).toHaveLength(3)
    attempt(0).makeRoom()
    expect(waiting.map(({ madeOn }) => madeOn())).toEqual([0, 0])
  })

  test('a cancelled waiting call leaves nothing behind', async () => {
    const { call, attempt } = await connected()
    attempt(0).canRequest = false
    const waiting = call()
    waiting.leave()
    attempt(0).makeRoom()
    expect(waiting.madeOn()).toBe(-1)
    expect(call().madeOn()).toBe(0)
  })

  test('stays READY when the first leaves and another remains, and is IDLE after the last', async () => {
    const { clock, connector, subchannel, call, attempt } = await connected()
    const states: string[] = []
    subchannel.watch(({ state }) => states.push(state))
    attempt(0).canRequest = false
    call()
    attempt(1).succeed()
    await settled()
    attempt(0).leave()
    await settled()
    expect([subchannel.state, call().madeOn()]).toEqual(['READY', 1])
    attempt(1).leave()
    await settled()
    expect([states, subchannel.connection, clock.pending]).toEqual([['IDLE'], null, 0])
    subchannel.connect()
    connector.last.succeed()
    await settled()
    expect(call().madeOn()).toBe(2)
  })

  test('opens a replacement for one that has left', async () => {
    const { connector, call, attempt } = await connected({ max: 2 })
    attempt(0).canRequest = false
    call()
    attempt(1).succeed()
    await settled()
    attempt(1).leave()
    await settled()
    const waiting = call()
    expect(connector.attempts).toHaveLength(3)
    attempt(2).succeed()
    await settled()
    expect(waiting.madeOn()).toBe(2)
  })

  test('shutdown closes all', async () => {
    const { clock, connector, subchannel, call, attempt } = await connected()
    attempt(0).canRequest = false
    call()
    attempt(1).canRequest = false
    attempt(1).succeed()
    await settled()
    subchannel.shutdown()
    expect(connector.attempts.map(({ isClosed }) => isClosed)).toEqual([true, true, true])
    expect(clock.pending).toBe(0)
  })

  test('standing streams move to a remaining connection', async () => {
    const { subchannel, call, attempt } = await connected()
    const heard: number[] = []
    subchannel.keepStream(
      { path: '/a.B/C', message: new Uint8Array() },
      { onMessage: ([octet = 0]) => heard.push(octet), onFailed() {}, onRetry() {}, onUnimplemented() {} },
    )
    attempt(0).canRequest = false
    call()
    attempt(1).succeed()
    await settled()
    attempt(0).leave()
    await settled()
    attempt(1).streams.at(-1)?.answer(Uint8Array.of(7))
    expect(heard).toEqual([7])
  })
})
