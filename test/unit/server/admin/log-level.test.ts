import { pino } from 'pino'
import { expect, test } from 'vitest'
import { LogLevel } from '../../../../server/admin/log-level.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function loggers() {
  return [pino({ level: 'info' }, { write() {} }), pino({ level: 'warn' }, { write() {} })] as const
}

test('sets all loggers, and each returns to its own level after the time', () => {
  const [first, second] = loggers()
  const clock = new ManualClock()
  const level = new LogLevel([first, second], clock)
  level.set('trace', 10_000)
  expect([first.level, second.level]).toEqual(['trace', 'trace'])
  expect(level.state).toMatchObject({ level: 'trace', configuredLevel: 'info', revertsAt: expect.any(Date) })
  clock.advance(9_999)
  expect(first.level).toBe('trace')
  clock.advance(1)
  expect([first.level, second.level]).toEqual(['info', 'warn'])
  expect(level.state).toEqual({ level: 'info', configuredLevel: 'info', revertsAt: undefined })
})

test('a later change takes the place of an earlier one, with its timer', () => {
  const [first] = loggers()
  const clock = new ManualClock()
  const level = new LogLevel([first], clock)
  level.set('trace', 10_000)
  level.set('debug')
  expect(clock.pending).toBe(0)
  clock.advance(20_000)
  expect(level.state).toEqual({ level: 'debug', configuredLevel: 'info', revertsAt: undefined })
})

test('the end of the server ends a change for a time, and keeps one without end', () => {
  const [first, second] = loggers()
  const clock = new ManualClock()
  const level = new LogLevel([first, second], clock)
  level.set('error', 10_000)
  level.close()
  expect(clock.pending).toBe(0)
  expect([first.level, second.level]).toEqual(['info', 'warn'])
  level.set('error')
  level.close()
  expect([first.level, second.level]).toEqual(['error', 'error'])
})

test('an unknown level leaves each logger at its own', () => {
  const [first, second] = loggers()
  const level = new LogLevel([first, second])
  expect(() => level.set('loud')).toThrow('must be trace')
  expect([first.level, second.level]).toEqual(['info', 'warn'])
})

test('an unknown level changes nothing, not even a pending return', () => {
  const [first, second] = loggers()
  const clock = new ManualClock()
  const level = new LogLevel([first, second], clock)
  level.set('trace', 10_000)
  expect(() => level.set('loud')).toThrow('must be trace, debug, info, warn, error, fatal, silent')
  expect([first.level, second.level]).toEqual(['trace', 'trace'])
  clock.advance(10_000)
  expect(first.level).toBe('info')
})

test('levels of the program are levels, too', () => {
  const log = pino({ customLevels: { audit: 35 }, level: 'info' }, { write() {} })
  const level = new LogLevel([log])
  level.set('audit')
  expect(log.level).toBe('audit')
})

test('a logger without levels cannot be changed', () => {
  expect(() => new LogLevel([]).state).toThrow('the logger of this server has no levels')
})
