import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { exitCodeOf } from '../../../../../client/node/cli/exit-code.ts'
import { InputError, UsageError } from '../../../../../client/node/cli/terminal/program-errors.ts'

test.each<[string, unknown, number]>([
  ['a cancelled call', new ConnectError('x', Code.Canceled), 65],
  ['an unauthenticated call', new ConnectError('x', Code.Unauthenticated), 80],
  ['wrong arguments', new UsageError('x'), 2],
  ['bad data', new InputError('x'), 1],
  ['any other error', new Error('x'), 1],
  ['what is no error', 'x', 1],
  ['output whose reader has gone', Object.assign(new Error('x'), { code: 'EPIPE', syscall: 'write' }), 0],
])('%s', (_, error, code) => {
  expect(exitCodeOf(error)).toBe(code)
})
