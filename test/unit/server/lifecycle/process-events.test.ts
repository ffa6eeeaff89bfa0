import { afterEach, expect, test } from 'vitest'
import { onSignals } from '../../../../server/lifecycle/process-events.ts'

const before = { SIGTERM: process.listeners('SIGTERM'), SIGINT: process.listeners('SIGINT') }

afterEach(() => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    for (const listener of process.listeners(signal)) {
      if (!before[signal].includes(listener)) process.off(signal, listener)
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
