import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { describeError } from '../../../../../client/node/cli/report-error.ts'
import { HintedError, InputError } from '../../../../../client/node/cli/terminal/program-errors.ts'
import { printable } from '../../../../../wire/text/escape-controls.ts'

test('an error of a call has its code, and details whose type is unknown as base64', () => {
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

test('what a compiler says stays lines, and does nothing to the terminal', () => {
  expect(describeError(new InputError('a:1: x\u001b', { moreLines: ['b:2: y\u001b'] }))).toEqual([
    'error: a:1: x\\u001b',
    'b:2: y\\u001b',
  ])
})

test('causes in a circle are no matter', () => {
  const error = new Error('x')
  error.cause = error
  expect(describeError(error)).toEqual(['error: x'])
})

test('control characters are written out, tabs and all else stay', () => {
  expect(printable('a\tb\u001b[2J\n\u007f\u009bü漢😀')).toBe('a\tb\\u001b[2J\\u000a\\u007f\\u009bü漢😀')
})
