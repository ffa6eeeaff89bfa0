import { describe, expect, test } from 'vitest'
import { CONNECTION_BACKOFF, MIN_CONNECT_TIMEOUT_MS } from '../../../../../client/node/contracts/connection-backoff.ts'
import type { ConnectivityState } from '../../../../../client/node/contracts/connectivity-state.ts'
import { type FakeSubchannel, openFakeSubchannel } from '../../../../support/fake-subchannel.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'

function open(random: () => number = () => 0.5): FakeSubchannel {
  return openFakeSubchannel({ backoff: CONNECTION_BACKOFF, random })
}

/** Fails the attempt at once, and measures until another is allowed. */
function failAndMeasureMs({ clock, connector, subchannel }: FakeSubchannel): number {
  const startMs = clock.now()
  subchannel.connect()
  connector.last.fail()
  while (subchannel.state === 'TRANSIENT_FAILURE') clock.advance(1)
  return clock.now() - startMs
}

function connectAndLeave({ connector, subchannel }: Pick<FakeSubchannel, 'connector' | 'subchannel'>): void {
  subchannel.connect()
  connector.last.succeed()
  connector.last.leave(false)
}

describe('backoff', () => {
  test('CB-1 backoff grows by 1.6 up to 120 s within the jitter; 13 attempts take about 540 s', () => {
    const opened = open(seededRandom(7))
    let totalMs = 0
    for (let failure = 1; failure <= 13; failure++) {
      const waitedMs = failAndMeasureMs(opened)
      const plainMs = Math.min(120_000, 1_000 * 1.6 ** (failure - 1))
      expect(waitedMs).toBeGreaterThanOrEqual(Math.floor(plainMs * 0.8))
      expect(waitedMs).toBeLessThanOrEqual(Math.ceil(plainMs * 1.2))
      totalMs += waitedMs
    }
    expect(totalMs).toBeGreaterThan(540_000 * 0.75)
    expect(totalMs).toBeLessThan(540_000 * 1.25)
  })

  test('CB-2 SETTINGS of the server reset it', () => {
    const opened = open()
    for (const expectedMs of [1_000, 1_600, 2_560]) expect(failAndMeasureMs(opened)).toBe(expectedMs)
    opened.subchannel.connect()
    opened.connector.last.succeed()
    opened.connector.last.leave()
    expect(opened.subchannel.state).toBe('IDLE')
    expect(failAndMeasureMs(opened)).toBe(1_000)
  })

  test('counts from the start of the attempt', () => {
    const { clock, connector, subchannel } = open()
    subchannel.connect()
    clock.advance(900)
    connector.last.fail()
    clock.advance(99)
    expect(subchannel.state).toBe('TRANSIENT_FAILURE')
    clock.advance(1)
    expect(subchannel.state).toBe('IDLE')
  })

  test('resetBackoff retries at once', () => {
    const { clock, connector, subchannel } = open()
    subchannel.connect()
    connector.last.fail()
    subchannel.resetBackoff()
    expect(subchannel.state).toBe('IDLE')
    expect(clock.pending).toBe(0)
  })

  test('a server that disconnects at once, before serving anything, is reconnected to at once', () => {
    const { connector, subchannel } = open()
    connectAndLeave({ connector, subchannel })
    expect(subchannel.state).toBe('IDLE')
    subchannel.connect()
    expect(connector.attempts).toHaveLength(2)
  })

  test('a server that disconnects everybody is not reconnected to in a loop', () => {
    const { clock, connector, subchannel } = open()
    connectAndLeave({ connector, subchannel })
    for (let second = 1; second <= 3; second++) {
      connectAndLeave({ connector, subchannel })
      expect(subchannel.state).toBe('TRANSIENT_FAILURE')
      clock.advance(999)
      expect(subchannel.state).toBe('TRANSIENT_FAILURE')
      clock.advance(1)
      expect(subchannel.state).toBe('IDLE')
    }
    expect(connector.attempts).toHaveLength(4)
  })

  test('a server that has served a call, or stayed for a while, is no longer suspect', () => {
    const { clock, connector, subchannel } = open()
    for (const { stayMs, hasServed } of [
      { stayMs: 0, hasServed: true },
      { stayMs: 1_000, hasServed: false },
    ]) {
      connectAndLeave({ connector, subchannel })
      subchannel.connect()
      connector.last.succeed()
      clock.advance(stayMs)
      connector.last.leave(hasServed)
      expect(subchannel.state).toBe('IDLE')
    }
    connectAndLeave({ connector, subchannel })
    subchannel.resetBackoff()
    connectAndLeave({ connector, subchannel })
    expect(subchannel.state).toBe('IDLE')
  })
})

test('a server on GOAWAY that can still respond is judged by whether it does', () => {
  const { connector, subchannel } = open()
  const isAnswering = [true, true, true]
  for (const [index] of isAnswering.entries()) {
    subchannel.connect()
    connector.last.succeed()
    connector.last.leave(() => isAnswering[index] === true)
    expect(subchannel.state).toBe('IDLE')
  }
  // None of them has answered in the end.
  isAnswering.fill(false)
  connectAndLeave({ connector, subchannel })
  expect(subchannel.state).toBe('TRANSIENT_FAILURE')
})

describe('attempts', () => {
  test('an attempt that takes too long is aborted, with the reason', async () => {
    const { clock, connector, subchannel } = open()
    const errors: (string | undefined)[] = []
    subchannel.connect()
    subchannel.watch(({ error }) => errors.push(error?.rawMessage))
    clock.advance(MIN_CONNECT_TIMEOUT_MS - 1)
    expect(subchannel.state).toBe('CONNECTING')
    clock.advance(1)
    expect(connector.last.isClosed).toBe(true)
    await Promise.resolve()
    expect(errors[0]).toBe('no connection to 192.0.2.1:80 within 20000 ms')
  })

  test('shutdown aborts them, and leaves no timer', () => {
    const { clock, connector, subchannel } = open()
    subchannel.connect()
    subchannel.shutdown()
    expect(connector.last.isClosed).toBe(true)
    expect(subchannel.state).toBe('SHUTDOWN')
    expect(clock.pending).toBe(0)
    subchannel.connect()
    expect(connector.attempts).toHaveLength(1)
  })
})

describe('listeners', () => {
  test('receive each change later, in order, and nothing after they stop', async () => {
    const { connector, subchannel } = open()
    const heard: ConnectivityState[] = []
    const stop = subchannel.watch(({ state }) => heard.push(state))
    subchannel.connect()
    expect(heard).toEqual([])
    connector.last.succeed()
    await Promise.resolve()
    expect(heard).toEqual(['CONNECTING', 'READY'])
    connector.last.leave()
    stop()
    await Promise.resolve()
    expect(heard).toEqual(['CONNECTING', 'READY'])
  })

  test('of health receive the current state first', async () => {
    const { connector, subchannel } = open()
    subchannel.connect()
    connector.last.succeed()
    await Promise.resolve()
    const heard: ConnectivityState[] = []
    subchannel.watchHealth(({ state }) => heard.push(state))
    await Promise.resolve()
    expect(heard).toEqual(['READY'])
  })
})

test('CB-5 only the specified transitions occur, in any order of events', async () => {
  const legal: Record<ConnectivityState, readonly ConnectivityState[]> = {
    IDLE: ['CONNECTING'],
    CONNECTING: ['READY', 'TRANSIENT_FAILURE'],
    READY: ['IDLE', 'TRANSIENT_FAILURE'],
    TRANSIENT_FAILURE: ['IDLE'],
    SHUTDOWN: [],
  }
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed)
    const { clock, connector, subchannel } = open(random)
    const seen: ConnectivityState[] = ['IDLE']
    subchannel.watch(({ state }) => seen.push(state))
    for (let step = 0; step < 60; step++) {
      const event = Math.floor(random() * 6)
      if (event === 0) subchannel.connect()
      else if (event === 1 && subchannel.state === 'CONNECTING') connector.last.succeed()
      else if (event === 2 && subchannel.state === 'CONNECTING') connector.last.fail()
      else if (event === 3 && subchannel.state === 'READY') connector.last.leave(random() < 0.5)
      else if (event === 4) subchannel.resetBackoff()
      else clock.advance(random() * 30_000)
      expect(subchannel.connection !== null).toBe(subchannel.state === 'READY')
      expect(subchannel.lastError !== undefined).toBe(subchannel.state === 'TRANSIENT_FAILURE')
    }
    await Promise.resolve()
    for (let i = 1; i < seen.length; i++) expect(legal[seen[i - 1] ?? 'SHUTDOWN']).toContain(seen[i])
    expect(seen.length).toBeGreaterThan(1)
  }
})

/** Numbers from 0 to below 1, the same in every run. */
function seededRandom(seed: number): () => number {
  const random = new SeededRandom(seed)
  return () => random.next()
}
