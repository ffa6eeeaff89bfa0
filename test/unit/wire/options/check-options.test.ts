import { describe, expect, test } from 'vitest'
import { checkOptions, type OptionShape, optionFaults } from '../../../../wire/options/check-options.ts'

const SHAPE: OptionShape = {
  kinds: { target: ['string'], timeoutMs: ['number'], retry: ['object'], tls: ['object'], own: ['any'] },
  nested: {
    retry: { kinds: { attempts: ['number'], waitMs: ['number'] }, advice: { backoff: 'use retry.waitMs' } },
    tls: { kinds: { ca: ['string', 'array'] } },
  },
  advice: { timeout: 'use timeoutMs', 'their.thing': 'no counterpart, as it is always on' },
}

test('accepts options of their types, and undefined ones', () => {
  const options = { target: 'a', timeoutMs: 1, retry: { attempts: 2 }, own: null, other: undefined }
  expect(optionFaults(options, SHAPE)).toEqual([])
})

describe('reports an unknown name', () => {
  test.each<[string, object, string]>([
    ['with what is near', { tagret: 1 }, 'tagret is unknown: did you mean target?'],
    ['with what is near inside', { retry: { atempts: 1 } }, 'retry.atempts is unknown: did you mean retry.attempts?'],
    ['with its name here', { timeout: 1 }, 'timeout is unknown: use timeoutMs'],
    ['with its name here inside', { retry: { backoff: 1 } }, 'retry.backoff is unknown: use retry.waitMs'],
    ['with why there is none', { 'their.thing': 1 }, 'their.thing is unknown: no counterpart, as it is always on'],
    ['with the object that has it', { ca: 'x' }, 'ca is unknown: use tls.ca'],
    ['with where it belongs', { retry: { target: 'a' } }, 'retry.target is unknown: use target, beside retry'],
    ['alone where nothing is like it', { colour: 3 }, 'colour is unknown'],
    ['alone where it is of every object', { toString: 4 }, 'toString is unknown'],
    ['alone where it is of every object inside', { retry: { valueOf: 4 } }, 'retry.valueOf is unknown'],
  ])('%s', (_how, options, fault) => {
    expect(optionFaults(options, SHAPE)).toEqual([fault])
  })
})

test('reports a value of the wrong type, without showing it', () => {
  const options = { target: 5, retry: 'hunter2', tls: { ca: 7 }, timeoutMs: null }
  expect(optionFaults(options, SHAPE)).toEqual([
    'target is a number, and must be a string',
    'retry is a string, and must be an object',
    'tls.ca is a number, and must be a string or an array',
    'timeoutMs is null, and must be a number',
  ])
})

test('reports all errors at once, prefixed with the function that takes the options', () => {
  expect(() => checkOptions('connect', { timeout: 1, target: 5 }, SHAPE)).toThrow(
    new RangeError('connect: timeout is unknown: use timeoutMs; target is a number, and must be a string'),
  )
  expect(() => checkOptions('connect', 'a', SHAPE)).toThrow(
    new RangeError('the argument of connect is a string, and must be an object'),
  )
})
