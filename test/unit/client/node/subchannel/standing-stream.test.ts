import { setImmediate as nextTurn } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { CONNECTION_BACKOFF } from '../../../../../client/node/contracts/connection-backoff.ts'
import { CallAuthenticator } from '../../../../../client/node/credentials/call-authenticator.ts'
import type { CallCredentials, CallMetadata } from '../../../../../client/node/credentials/call-credentials.ts'
import { ownRequests } from '../../../../../client/node/subchannel/own-requests.ts'
import { StandingStream } from '../../../../../client/node/subchannel/standing-stream.ts'
import { ErrorCode } from '../../../../../wire/http2/http2.ts'
import { FakeAttempt } from '../../../../support/fake-connector.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { NO_CREDENTIALS } from '../../../../support/no-credentials.ts'

function open(connection = new FakeAttempt({ host: '192.0.2.1', port: 80 }, NOBODY), authenticator = NO_CREDENTIALS) {
  const clock = new ManualClock()
  const heard: string[] = []
  const stream = new StandingStream(
    {
      clock,
      backoff: { ...CONNECTION_BACKOFF, jitter: 0 },
      random: () => 0.5,
      headOf: ownRequests({ isTls: false, authority: 'test', pathPrefix: '', userAgent: 'test', authenticator }),
    },
    { path: '/a.B/C', message: Uint8Array.of(1, 2) },
    {
      onMessage: (data) => heard.push(`message ${data[0]}`),
      onFailed: (error) => heard.push(error.rawMessage),
      onRetry: () => heard.push('retry'),
      onUnimplemented: (error) => heard.push(`unimplemented: ${error.rawMessage}`),
    },
  )
  stream.open(connection)
  return { clock, connection, heard, stream }
}

const NOBODY = { onReady() {}, onFailed() {}, onLeaving() {} }

test('delivers messages one by one, however they arrive', () => {
  const { connection, heard } = open()
  const [first] = connection.streams
  expect(first?.message).toEqual(Buffer.of(1, 2))
  for (const octet of [7, 8, 9]) first?.answer(Uint8Array.of(octet))
  expect(heard).toEqual(['message 7', 'message 8', 'message 9'])
})

test.each([
  ['an HTTP error', 503, 'HTTP status 503'],
  ['an answer that is too large', 200, 'message of'],
])('%s ends it, and cancels it at the server', (_what, status, expected) => {
  const { connection, heard } = open()
  const [first] = connection.streams
  first?.respondHead(status)
  if (status === 200) first?.answer(new Uint8Array(70_000))
  expect(heard).toEqual([expect.stringContaining(expected)])
  expect(first?.resetCode).toBe(ErrorCode.CANCEL)
})

test('reports the end with its status, or as the end of the stream', () => {
  const { clock, connection, heard } = open()
  connection.streams[0]?.finish(Code.Unavailable)
  clock.advance(1_000)
  connection.streams[1]?.finish(0)
  expect(heard.slice(1)).toEqual(['retry', 'the server ended the stream'])
})

test('a connection that refuses the request is not retried from within `open`', () => {
  class Refusing extends FakeAttempt {
    override request(): never {
      throw new ConnectError('not over HTTP/1.1', Code.Unimplemented)
    }
  }
  const { clock, heard } = open(new Refusing({ host: '192.0.2.1', port: 80 }, NOBODY))
  expect(heard).toEqual([])
  clock.advance(0)
  expect(heard).toEqual(['unimplemented: not over HTTP/1.1'])
  expect(clock.pending).toBe(0)
})

/** Credentials that the test completes. */
function heldCredentials() {
  const made = Promise.withResolvers<CallMetadata>()
  const signals: AbortSignal[] = []
  const credentials: CallCredentials = {
    metadata(_call, signal) {
      signals.push(signal)
      return made.promise
    },
  }
  const authenticator = new CallAuthenticator({ credentials, isSecure: true, authority: 'test' })
  return { authenticator, made, signals }
}

test('the request waits for the channel credentials, and carries them', async () => {
  const { authenticator, made } = heldCredentials()
  const { connection } = open(undefined, authenticator)
  await nextTurn()
  expect(connection.streams).toEqual([])
  made.resolve({ authorization: 'Bearer a' })
  await nextTurn()
  expect(connection.streams[0]?.head).toMatchObject({ ':path': '/a.B/C', authorization: 'Bearer a' })
})

test('failing credentials are like a stream that ended, whatever their code', async () => {
  const { authenticator, made } = heldCredentials()
  const { clock, connection, heard } = open(undefined, authenticator)
  made.reject(new ConnectError('no token', Code.Unimplemented))
  await nextTurn()
  expect(heard).toEqual(['no token'])
  clock.advance(1_000)
  expect(heard).toEqual(['no token', 'retry'])
  expect(connection.streams).toEqual([])
})

test('closing ends the wait for credentials, and ignores their result', async () => {
  const { authenticator, made, signals } = heldCredentials()
  const { clock, connection, heard, stream } = open(undefined, authenticator)
  await nextTurn()
  stream.close()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  made.resolve({})
  await nextTurn()
  expect([heard, connection.streams, clock.pending]).toEqual([[], [], 0])
})

test('closing releases its place, its stream and its timer', () => {
  const waiting = new FakeAttempt({ host: '192.0.2.1', port: 80 }, NOBODY)
  waiting.canRequest = false
  const first = open(waiting)
  first.stream.close()
  waiting.makeRoom()
  expect(waiting.streams).toEqual([])
  const second = open()
  second.connection.streams[0]?.finish(Code.Unavailable)
  second.stream.close()
  expect(second.clock.pending).toBe(0)
})
