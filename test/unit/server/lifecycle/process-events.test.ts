import { afterEach, expect, test } from 'vitest'
import { onHangup, onSignals } from '../../../../server/lifecycle/process-events.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]))

afterEach(() => {
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (!before.get(signal)?.includes(listener)) process.off(signal, listener)
    }
  }
})

test('an echo within a second counts as the first signal, a later one forces', () => {
  let nowMs = 0
  const seen: string[] = []
  const actions = {
    onDrain: (signal: string) => seen.push(`drain ${signal}`),
    onForce: (signal: string) => seen.push(`force ${signal}`),
  }
  onSignals(actions, () => nowMs)
  process.emit('SIGINT', 'SIGINT')
  nowMs = 1_000
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGTERM', 'SIGTERM')
  expect(seen).toEqual(['drain SIGINT'])
  nowMs = 1_001
  process.emit('SIGTERM', 'SIGTERM')
  expect(seen).toEqual(['drain SIGINT', 'force SIGTERM'])
})

test.each([
  ['no terminal', [[], []], 'reload'],
  [
    'a terminal that is still there',
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
    'reload',
  ],
  ['a terminal that has closed', [[0, 1, 2], []], 'closed'],
  ['a terminal for errors only that has closed', [[2], []], 'closed'],
] as const)('SIGHUP with %s', (_, [before, after], expected) => {
  const seen: string[] = []
  let onTerminal: readonly number[] = before
  const actions = { onReload: () => seen.push('reload'), onTerminalClosed: () => seen.push('closed') }
  onHangup(actions, (stream) => onTerminal.includes(stream))
  onTerminal = after
  process.emit('SIGHUP', 'SIGHUP')
  expect(seen).toEqual([expected])
})
