import { expect, test } from 'vitest'
import { nearestName } from '../../../../wire/options/nearest-name.ts'

const NAMES = ['port', 'host', 'log-level', 'log-format', 'max-receive', 'max-send', 'drain-timeout']

test.each([
  ['port', 'port'],
  ['prot', 'port'], // swapped
  ['pot', 'port'], // lost
  ['hosts', 'host'], // added
  ['log_level', 'log-level'], // changed
  ['max-recieve', 'max-receive'],
  ['drain-timout', 'drain-timeout'],
  ['log-fromta', 'log-format'],
])('%s suggests %s', (name, meant) => {
  expect(nearestName(name, NAMES)).toBe(meant)
})

test.each(['', 'p', 'hi', 'bogus', 'xyz', 'something-else'])('%j suggests nothing', (name) => {
  expect(nearestName(name, NAMES)).toBeUndefined()
})

test('the nearer of two wins, the first of equals', () => {
  expect(nearestName('cat', ['cart', 'cat', 'bat'])).toBe('cat')
  expect(nearestName('dat', ['cat', 'bat'])).toBe('cat')
})
