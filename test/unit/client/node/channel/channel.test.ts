import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { pickFirstPolicy } from '../../../../../client/node/balancer/pick-first/pick-first.ts'
import type { PickWaiter } from '../../../../../client/node/channel/pick-queue.ts'
import type { LoadBalancerPolicy } from '../../../../../client/node/contracts/load-balancer.ts'
import type { ResolverListener } from '../../../../../client/node/contracts/resolver.ts'
import { FakeConnector } from '../../../../support/fake-connector.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { settled } from '../../../../support/settled.ts'
import { createTestChannel } from '../../../../support/test-channel.ts'

const ADDRESS = { host: '192.0.2.1', port: 80 }
const IDLE_MS = 60_000

function open() {
  const clock = new ManualClock()
  const connector = new FakeConnector()
  const channel = createTestChannel({ connector, address: ADDRESS, clock, idleTimeoutMs: IDLE_MS })
  return { clock, connector, channel }
}

class Waiter implements PickWaiter {
  readonly path = '/a/b'
  readonly requestHeader = new Headers()
  readonly waitsForReady: boolean
  lastPickError: ConnectError | undefined
  outcome = 'none'

  constructor(waitsForReady = false) {
    this.waitsForReady = waitsForReady
  }

  onPicked(): void {
    this.outcome = 'picked'
  }

  onPickFailed(error: ConnectError): void {
    this.outcome = error.message
  }
}

describe('states', () => {
  test('connects on request, and reports state changes', async () => {
    const { channel, connector } = open()
    expect(channel.getState()).toBe('IDLE')
    expect(channel.getState(true)).toBe('CONNECTING')
    await settled()
    const ready = channel.watchState('CONNECTING')
    connector.last.succeed()
    expect(await ready).toBe('READY')
    channel.close()
    expect(channel.getState(true)).toBe('SHUTDOWN')
  })

  test('watching ends with its signal', async () => {
    const { channel } = open()
    const controller = new AbortController()
    const watching = channel.watchState('IDLE', controller.signal)
    controller.abort(new Error('enough'))
    await expect(watching).rejects.toThrow('enough')
    expect(await channel.watchState('READY')).toBe('IDLE')
  })
})

describe('waiting calls', () => {
  test('a call wakes the channel, and is sent when it is ready', async () => {
    const { channel, connector } = open()
    const waiter = new Waiter()
    channel.pick(waiter)
    await settled()
    expect(waiter.outcome).toBe('none')
    connector.last.succeed()
    await settled()
    expect(waiter.outcome).toBe('picked')
    channel.close()
  })

  test('CB-3 with a dead backend calls fail at once, and wait-for-ready calls run when it returns', async () => {
    const { channel, clock, connector } = open()
    const patient = new Waiter(true)
    const hasty = new Waiter()
    channel.pick(patient)
    channel.pick(hasty)
    await settled()
    connector.last.fail('nobody there')
    await settled()
    expect(hasty.outcome).toBe('[unavailable] nobody there')
    expect(patient.outcome).toBe('none')
    expect(patient.lastPickError?.rawMessage).toBe('nobody there')
    clock.advance(1_000)
    await settled()
    connector.last.succeed()
    await settled()
    expect(patient.outcome).toBe('picked')
    channel.close()
  })

  test('a cancelled call is not sent', async () => {
    const { channel, connector } = open()
    const waiter = new Waiter()
    channel.pick(waiter)
    await settled()
    channel.leave(waiter)
    connector.last.succeed()
    await settled()
    expect(waiter.outcome).toBe('none')
    channel.close()
  })

  test('closing fails them', async () => {
    const { channel } = open()
    const waiters = [new Waiter(), new Waiter(true)]
    for (const waiter of waiters) channel.pick(waiter)
    channel.close()
    const late = new Waiter()
    channel.pick(late)
    for (const { outcome } of [...waiters, late]) expect(outcome).toBe('[canceled] the transport was closed')
  })
})

describe('resolver results', () => {
  test('an error before the first result fails calls, without codes reserved for services', async () => {
    const { promise, resolve } = Promise.withResolvers<ResolverListener>()
    const channel = createTestChannel({
      connector: new FakeConnector(),
      createResolver: (listener) => ({ start: () => resolve(listener), resolveNow() {}, close() {} }),
    })
    channel.connect()
    const listener = await promise
    listener.onResult({ endpoints: new ConnectError('no such name', Code.NotFound) })
    expect(channel.getState()).toBe('TRANSIENT_FAILURE')
    const waiter = new Waiter()
    channel.pick(waiter)
    await settled()
    expect(waiter.outcome).toBe("[internal] the client's control plane failed with NotFound: no such name")
    channel.close()
  })
})

test('an unparsable target fails calls, and nothing else', async () => {
  const channel = createTestChannel({
    connector: new FakeConnector(),
    createResolver: () => {
      throw new RangeError('the target is none')
    },
  })
  const waiter = new Waiter()
  channel.pick(waiter)
  await settled()
  expect(channel.getState()).toBe('TRANSIENT_FAILURE')
  expect(waiter.outcome).toBe('[unavailable] the target is none')
  channel.close()
})

test('CB-6 an idle channel closes its connections, and wakes with the next call', async () => {
  const { channel, clock, connector } = open()
  const call = { onChannelClosed() {} }
  channel.beginCall(call)
  channel.connect()
  await settled()
  const first = connector.last
  first.succeed()
  await settled()
  clock.advance(3 * IDLE_MS)
  expect(channel.getState()).toBe('READY')
  channel.endCall(call, true)
  clock.advance(IDLE_MS - 1)
  expect(channel.getState()).toBe('READY')
  clock.advance(IDLE_MS)
  expect(channel.getState()).toBe('IDLE')
  expect(first.isClosed).toBe(true)
  expect(clock.pending).toBe(0)
  const waiter = new Waiter()
  channel.pick(waiter)
  await settled()
  expect(connector.last).not.toBe(first)
  connector.last.succeed()
  await settled()
  expect(waiter.outcome).toBe('picked')
  channel.close()
  expect(clock.pending).toBe(0)
})

describe('a custom resolver', () => {
  /** The test sets its behaviour. */
  function openWith(resolver: { start?: () => void; resolveNow?: () => void }) {
    const found = Promise.withResolvers<ResolverListener>()
    const connector = new FakeConnector()
    const channel = createTestChannel({
      connector,
      policy: { policy: pickFirstPolicy as LoadBalancerPolicy, config: { shuffleAddressList: false } },
      createResolver: (listener) => {
        found.resolve(listener)
        return { start() {}, resolveNow() {}, close() {}, ...resolver }
      },
    })
    return { channel, connector, found: found.promise }
  }
  const addressOf = (port: unknown) => ({ endpoints: [{ addresses: [{ host: '192.0.2.1', port }], attributes: {} }] })

  test('with an invalid result fails calls with the name of the field', async () => {
    const { channel, found } = openWith({})
    const waiter = new Waiter()
    channel.pick(waiter)
    const fault = (await found).onResult(addressOf(70_000) as never)
    await settled()
    expect(fault?.code).toBe(Code.Unavailable)
    expect(waiter.outcome).toBe(
      '[unavailable] name resolution failed: endpoints[0].addresses[0].port is 70000, and must be a whole number from 1 to 65535',
    )
    channel.close()
  })

  test('with an invalid later result keeps the previous one in force', async () => {
    const { channel, connector, found } = openWith({})
    channel.connect()
    const listener = await found
    listener.onResult(addressOf(80) as never)
    await settled()
    connector.last.succeed()
    await settled()
    expect(listener.onResult(null as never)?.code).toBe(Code.Unavailable)
    const waiter = new Waiter()
    channel.pick(waiter)
    await settled()
    expect(waiter.outcome).toBe('picked')
    channel.close()
  })

  test('that throws in start fails calls', async () => {
    const { channel } = openWith({
      start() {
        throw new Error('no registry')
      },
    })
    const waiter = new Waiter()
    channel.pick(waiter)
    await settled()
    expect(waiter.outcome).toBe('[unavailable] no registry')
    channel.close()
  })

  test('that throws in close affects nothing else', async () => {
    const connector = new FakeConnector()
    const channel = createTestChannel({
      connector,
      createResolver: () => ({
        start() {},
        resolveNow() {},
        close() {
          throw new Error('no registry')
        },
      }),
    })
    channel.connect()
    channel.close()
    expect(channel.getState()).toBe('SHUTDOWN')
  })

  test('that throws on re-resolution does no harm', async () => {
    let asked = 0
    const { channel, connector, found } = openWith({
      resolveNow() {
        asked += 1
        throw new Error('no registry')
      },
    })
    channel.connect()
    const listener = await found
    listener.onResult(addressOf(80) as never)
    await settled()
    connector.last.fail('nobody there')
    await settled()
    expect(asked).toBeGreaterThan(0)
    expect(channel.getState()).toBe('TRANSIENT_FAILURE')
    channel.close()
  })
})
