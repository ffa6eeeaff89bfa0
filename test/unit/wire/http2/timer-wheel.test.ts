import { describe, expect, test } from 'vitest'
import { TimerWheel, WheelTimer } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** Schedules one timer and says when it fired. */
function firesAfter(delayMs: number, startMs = 0): number {
  const clock = new ManualClock()
  const wheel = new TimerWheel(clock)
  clock.advance(startMs)
  const begin = clock.now()
  let firedAt = -1
  wheel.schedule(new WheelTimer(() => (firedAt = clock.now())), delayMs)
  clock.advance(delayMs + 1_000)
  return firedAt - begin
}

describe('timer wheel', () => {
  test.each([1, 50, 99, 100, 101, 1_000, 2_559, 2_560, 2_561, 9_999, 60_000, 655_360, 655_361, 3_600_000, 86_400_000])(
    'a timer of %i ms is never early, and late by at most a tick',
    (delayMs) => {
      for (const startMs of [0, 3, 2_557, 655_359]) {
        const after = firesAfter(delayMs, startMs)
        expect(after).toBeGreaterThanOrEqual(delayMs)
        expect(after).toBeLessThanOrEqual(delayMs + 20)
      }
    },
  )

  test('many timers fire in order, cancelled ones never', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const fired: number[] = []
    let random = 7
    const cancelled = new Set<number>()
    for (let i = 0; i < 2_000; i++) {
      random = (random * 48_271) % 2_147_483_647
      const delayMs = 100 + (random % 700_000)
      const timer = new WheelTimer(() => fired.push(delayMs))
      wheel.schedule(timer, delayMs)
      if (i % 3 === 0) {
        wheel.cancel(timer)
        cancelled.add(delayMs)
      }
    }
    clock.advance(701_000)
    expect(fired).toHaveLength(2_000 - 667)
    expect(fired.every((delayMs, i) => i === 0 || delayMs >= (fired[i - 1] as number) - 10)).toBe(true)
    expect(wheel.size).toBe(0)
  })

  test('a timer can be rescheduled, also from its own callback', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const fired: number[] = []
    const timer: WheelTimer = new WheelTimer(() => {
      fired.push(clock.now())
      if (fired.length < 3) wheel.schedule(timer, 1_000)
    })
    wheel.schedule(timer, 5_000)
    wheel.schedule(timer, 1_000)
    expect(wheel.size).toBe(1)
    clock.advance(10_000)
    expect(fired).toHaveLength(3)
    expect(timer.isScheduled).toBe(false)
  })

  test('one real timer serves them all', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    for (let i = 0; i < 100; i++) wheel.schedule(new WheelTimer(() => {}), 1_000 + i * 100)
    expect(clock.pending).toBe(1)
    clock.advance(20_000)
    expect(clock.pending).toBe(0)
  })

  describe.each([
    ['through the wheel', 1_000],
    ['as real timers', 50],
  ])('due at the same time, %s', (_way, delayMs) => {
    function create(onFault?: (thrown: unknown) => void) {
      const clock = new ManualClock()
      const wheel = new TimerWheel(clock, onFault)
      const fired: string[] = []
      const timer = (name: string, then: () => void = () => {}) => {
        const made = new WheelTimer(() => {
          fired.push(name)
          then()
        })
        wheel.schedule(made, delayMs)
        return made
      }
      return { clock, wheel, fired, timer }
    }

    test('a timer cancelled by another does not fire', () => {
      const { clock, wheel, fired, timer } = create()
      const others: WheelTimer[] = []
      timer('first', () => {
        for (const other of others) wheel.cancel(other)
      })
      others.push(timer('second'), timer('third'))
      const fourth = timer('fourth')
      clock.advance(delayMs + 100)
      expect(fired).toEqual(['first', 'fourth'])
      expect([...others, fourth].some(({ isScheduled }) => isScheduled)).toBe(false)
      expect([wheel.size, clock.pending]).toEqual([0, 0])
    })

    test('a timer rescheduled by another fires then, and once', () => {
      const { clock, wheel, fired, timer } = create()
      const others: WheelTimer[] = []
      timer('first', () => {
        for (const other of others) wheel.schedule(other, 5_000)
      })
      others.push(timer('second'))
      clock.advance(delayMs + 100)
      expect(fired).toEqual(['first'])
      clock.advance(10_000)
      expect(fired).toEqual(['first', 'second'])
      expect([wheel.size, clock.pending]).toEqual([0, 0])
    })

    test('a timer that throws is reported once, and the others fire', () => {
      const faults: unknown[] = []
      const { clock, wheel, fired, timer } = create((thrown) => faults.push(thrown))
      const errors = [new Error('one'), 'two', undefined]
      for (const error of errors) {
        timer('throws', () => {
          throw error
        })
        timer('does not')
      }
      clock.advance(delayMs + 100)
      expect(fired).toEqual(['throws', 'does not', 'throws', 'does not', 'throws', 'does not'])
      expect(faults).toEqual(errors)
      timer('later')
      clock.advance(delayMs + 100)
      expect(fired.at(-1)).toBe('later')
      expect([wheel.size, clock.pending]).toEqual([0, 0])
    })

    test('an error handler that throws does not prevent timers from firing', async () => {
      const fault = new Error('the handler is broken')
      const { clock, fired, timer } = create(() => {
        throw fault
      })
      const warned = warnings(4)
      for (const name of ['first', 'second']) {
        timer(name, () => {
          throw new Error(name)
        })
      }
      clock.advance(delayMs + 100)
      expect(fired).toEqual(['first', 'second'])
      expect(await warned).toEqual(['first', fault.message, 'second', fault.message])
    })
  })

  test('without an error handler a throwing timer is a process warning', async () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const thrown = [new Error('an error'), 'a text', null, Object.create(null)]
    const warned = warnings(thrown.length)
    for (const error of thrown) {
      const timer = new WheelTimer(() => {
        throw error
      })
      wheel.schedule(timer, 1_000)
    }
    clock.advance(2_000)
    expect(await warned).toEqual([
      'an error',
      'a callback threw a text',
      'a callback threw null',
      'a callback threw object',
    ])
  })
})

/** The texts of the next warnings of the process. */
function warnings(count: number): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>()
  const texts: string[] = []
  const onWarning = ({ message }: Error): void => {
    if (texts.push(message) < count) return
    process.off('warning', onWarning)
    resolve(texts)
  }
  process.on('warning', onWarning)
  return promise
}
