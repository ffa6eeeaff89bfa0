import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { describeError } from '../../../../../client/node/cli/report-error.ts'
import { HintedError, InputError } from '../../../../../client/node/cli/terminal/program-errors.ts'
import { printable } from '../../../../../wire/text/escape-controls.ts'

test('a call error has its code, and details of unknown type in base64', () => {
  const error = new ConnectError('gone', Code.NotFound)
  error.details = [
    { type: 'a.B', value: Uint8Array.of(0, 1, 2) },
    { type: 'a.C', value: new Uint8Array(), debug: { d: 1 } },
  ]
  expect(describeError(error)).toEqual(['error: not_found (5): gone', 'detail: a.B AAEC', 'detail: a.C {"d":1}'])
})

test('an error without a message says so', () => {
  expect(describeError(new ConnectError('', Code.Internal))).toEqual(['error: internal (13): no reason given'])
})

test('a hint follows the error that it is for', () => {
  const error = new HintedError(new ConnectError('y', Code.Unavailable), 'try z')
  expect(describeError(error)).toEqual(['error: unavailable (14): y', 'hint: try z'])
})

test('compiler output keeps its lines, with control characters escaped', () => {
  expect(describeError(new InputError('a:1: x\u001b', { moreLines: ['b:2: y\u001b'] }))).toEqual([
    'error: a:1: x\\u001b',
    'b:2: y\\u001b',
  ])
})

test('circular causes are handled', () => {
  const error = new Error('x')
  error.cause = error
  expect(describeError(error)).toEqual(['error: x'])
})

test('control characters are escaped, tabs and everything else are kept', () => {
  expect(printable('a\tb\u001b[2J\n\u007f\u009bü漢😀')).toBe('a\tb\\u001b[2J\\u000a\\u007f\\u009bü漢😀')
})
