import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { noteFailure } from '../../../../server/interceptors/call-outcome.ts'

interface Logged {
  readonly err: unknown
  readonly errorId: string
}

function note(thrown: unknown): { error: ConnectError; reported: ConnectError[]; logged: Logged[] } {
  const logged: Logged[] = []
  const reported: ConnectError[] = []
  const report = { onMessage() {}, onFailure: (error: ConnectError) => void reported.push(error) }
  const error = noteFailure(thrown, { log: { error: (fields) => logged.push(fields as Logged) }, report })
  return { error, reported, logged }
}

test.each([new Error('secret'), 'secret', null, undefined, { secret: 'secret' }])(
  '%o is hidden behind an id that the log has',
  (thrown) => {
    const { error, reported, logged } = note(thrown)
    expect(reported).toEqual([error])
    expect(error.code).toBe(Code.Internal)
    expect(logged).toEqual([{ err: thrown, errorId: expect.any(String) }])
    expect(error.rawMessage).toBe(`internal error ${logged[0]?.errorId}`)
  },
)

test('a ConnectError is meant for the client', () => {
  const meant = new ConnectError('no such name', Code.NotFound)
  const { error, reported, logged } = note(meant)
  expect(error).toBe(meant)
  expect(reported).toEqual([meant])
  expect(logged).toEqual([])
})

test('an abort keeps the reason of the signal, without a message of its own', () => {
  const reason = new ConnectError('the deadline passed', Code.DeadlineExceeded)
  const abort = (cause?: unknown) => Object.assign(new Error('secret', { cause }), { name: 'AbortError' })
  expect(note(abort(reason)).error).toBe(reason)
  expect(note(abort()).error).toMatchObject({ code: Code.Canceled, rawMessage: 'the call was cancelled' })
})
