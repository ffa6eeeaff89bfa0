import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { IdleWatch } from '../../../../server/listen/idle-watch.ts'

interface Connection {
  progress: number
  isBusy: boolean
}

function open(idleTimeoutMs = 0) {
  const onIdle = vi.fn()
  const watch = new IdleWatch<Connection>({
    idleTimeoutMs,
    progressOf: ({ progress }) => progress,
    isBusy: ({ isBusy }) => isBusy,
    onIdle,
  })
  const add = () => {
    const connection = { progress: 0, isBusy: false }
    watch.add(connection)
    return connection
  }
  return { watch, add, onIdle }
}

describe('a limit', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('closes idle connections, and never busy ones', () => {
    const { add, onIdle } = open(1_000)
    const [idle, busy] = [add(), add()]
    busy.isBusy = true
    vi.advanceTimersByTime(1_250)
    expect(onIdle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(250)
    expect(onIdle.mock.calls).toEqual([[idle]])
  })

  test('the timer runs while there are connections', () => {
    const { watch, add } = open(1_000)
    const connection = add()
    expect(vi.getTimerCount()).toBe(1)
    watch.delete(connection)
    expect(vi.getTimerCount()).toBe(0)
  })
})
