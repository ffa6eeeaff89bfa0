import { expect, test } from 'vitest'
import { helpText, readOptions } from '../../../bench/options.ts'

const NAMES = { workloads: ['unary', 'latency'], contestants: ['ours', 'peer'] }

test('without options everything is measured, for publication', () => {
  expect(readOptions([], NAMES)).toMatchObject({ rounds: 5, workloads: [], contestants: [], isWhole: true })
})

test('a quick run has one round, and is not published', () => {
  expect(readOptions(['--quick'], NAMES)).toMatchObject({ rounds: 1, seconds: 1, isWhole: false })
})

test('--only distinguishes workloads from contestants', () => {
  expect(readOptions(['--only', 'peer,latency'], NAMES)).toMatchObject({
    workloads: ['latency'],
    contestants: ['peer'],
    isWhole: false,
  })
})

test('a warm-up is never longer than the measurement', () => {
  expect(readOptions(['--seconds', '0.2'], NAMES)).toMatchObject({ seconds: 0.2, warmUpSeconds: 0.2 })
})

test('every invalid option is reported', () => {
  const args = ['--only', 'ours,nobody', '--rounds', '1.5', '--seconds', 'x']
  expect(() => readOptions(args, NAMES)).toThrow(/--rounds is 1\.5.*--seconds is x.*--only names nobody/s)
})

test('help lists everything that --only accepts', () => {
  expect(readOptions(['--help'], NAMES)).toBeUndefined()
  expect(helpText(NAMES)).toMatch(/unary latency\n.*ours peer/)
})
