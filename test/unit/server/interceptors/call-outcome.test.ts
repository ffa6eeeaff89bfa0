import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { CallOutcome, noteFailure } from '../../../../server/interceptors/call-outcome.ts'

interface Logged {
  readonly err: unknown
  readonly errorId: string
}

function note(thrown: unknown): { error: ConnectError; outcome: CallOutcome; logged: Logged[] } {
  const logged: Logged[] = []
  const outcome = new CallOutcome({ error: (fields) => logged.push(fields as Logged) })
  return { error: noteFailure(thrown, outcome), outcome, logged }
}

test.each([new Error('secret'), 'secret', null, undefined, { secret: 'secret' }])(
  '%o is concealed behind an id that is in the log',
  (thrown) => {
    const { error, outcome, logged } = note(thrown)
    expect(outcome.code).toBe(Code.Internal)
    expect(logged).toEqual([{ err: thrown, errorId: expect.any(String) }])
    expect(error.rawMessage).toBe(`internal error ${logged[0]?.errorId}`)
  },
)

test('a ConnectError is meant for the client', () => {
  const meant = new ConnectError('no such name', Code.NotFound)
  const { error, outcome, logged } = note(meant)
  expect(error).toBe(meant)
  expect(outcome.code).toBe(Code.NotFound)
  expect(logged).toEqual([])
})

test('an abort keeps the reason of the signal, and no words of its own', () => {
  const reason = new ConnectError('the deadline passed', Code.DeadlineExceeded)
  const abort = (cause?: unknown) => Object.assign(new Error('secret', { cause }), { name: 'AbortError' })
  expect(note(abort(reason)).error).toBe(reason)
  expect(note(abort()).error).toMatchObject({ code: Code.Canceled, rawMessage: 'the call was cancelled' })
})
