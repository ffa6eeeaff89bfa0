import { expect, test } from 'vitest'
import { unknownNames } from '../../../wire/unknown-names.ts'

const NAMES = { known: ['timeoutMs', 'target'], prefix: 'retry.', theirs: { timeout: 'retry.timeoutMs' } }

test('known names, and names without a value, are passed over', () => {
  expect(unknownNames({ timeoutMs: 1, target: null, other: undefined }, NAMES)).toEqual([])
})

test('each other name is told, with what to write in its place', () => {
  expect(unknownNames({ timeout: 1, tagret: 2, colour: 3, toString: 4 }, NAMES)).toEqual([
    'retry.timeout is unknown: use retry.timeoutMs',
    'retry.tagret is unknown: did you mean retry.target?',
    'retry.colour is unknown',
    'retry.toString is unknown',
  ])
})
