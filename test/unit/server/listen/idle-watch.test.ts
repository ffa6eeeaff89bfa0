import { describe, expect, test, vi } from 'vitest'
import { IdleWatch } from '../../../../server/listen/idle-watch.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

interface Connection {
  idleSinceMs: number | undefined
}

function open(idleTimeoutMs: number) {
  const clock = new ManualClock()
  const onIdle = vi.fn()
  const watch = new IdleWatch<Connection>({
    idleTimeoutMs,
    idleSinceOf: ({ idleSinceMs }) => idleSinceMs,
    onIdle,
    clock,
  })
  const add = () => {
    const connection: Connection = { idleSinceMs: clock.now() }
    watch.add(connection)
    return connection
  }
  return { clock, watch, add, onIdle }
}

describe('a limit', () => {
  test('closes idle connections, and never busy ones', () => {
    const { clock, add, onIdle } = open(1_000)
    const [idle, busy] = [add(), add()]
    busy.idleSinceMs = undefined
    clock.advance(999)
    expect(onIdle).not.toHaveBeenCalled()
    clock.advance(1)
    expect(onIdle.mock.calls).toEqual([[idle]])
  })

  test('counts from the end of the last call', () => {
    const { clock, add, onIdle } = open(1_000)
    const connection = add()
    clock.advance(600)
    connection.idleSinceMs = clock.now()
    clock.advance(999)
    expect(onIdle).not.toHaveBeenCalled()
    clock.advance(250)
    expect(onIdle).toHaveBeenCalledOnce()
  })

  test('of an hour is checked every 30 seconds', () => {
    const { clock, add, onIdle } = open(3_600_000)
    add()
    clock.advance(3_600_000 + 30_000)
    expect(onIdle).toHaveBeenCalled()
  })

  test('the timer runs while there are connections', () => {
    const { clock, watch, add } = open(1_000)
    const connection = add()
    expect(clock.pending).toBe(1)
    watch.delete(connection)
    expect(clock.pending).toBe(0)
  })
})

test('without a limit there is no timer', () => {
  const { clock, add } = open(0)
  add()
  expect(clock.pending).toBe(0)
})
