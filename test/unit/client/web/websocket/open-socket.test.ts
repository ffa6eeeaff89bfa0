/** The opening of a WebSocket whose server does not answer; test/integration has servers that do. */
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { CallSocket } from '../../../../../client/web/websocket/call-socket.ts'
import { openSocket, type SocketOpener } from '../../../../../client/web/websocket/open-socket.ts'

/** Creates WebSockets whose handshake never ends. */
function silentOpener() {
  const closed: unknown[] = []
  const create = (): CallSocket => {
    const { promise, reject } = Promise.withResolvers<string>()
    const close = (reason: unknown) => {
      closed.push(reason)
      reject(new Error('closed'))
    }
    return { opened: promise, send: async () => false, receive: () => promise.then(), close } as never
  }
  const fetch = () => expect.unreachable('a server that does not answer has not refused')
  return { closed, opener: { create, fetch } as SocketOpener }
}

test('a handshake without an answer ends, so that a call without a deadline does too', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { closed, opener } = silentOpener()
  const failure = openSocket('http://a/b', new AbortController().signal, opener).catch((error) => error)
  await vi.advanceTimersByTimeAsync(59_000)
  expect(closed).toEqual([])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await failure).toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('has not answered the handshake of the WebSocket for 60 seconds'),
  })
  expect(closed).toEqual([await failure])
  expect(vi.getTimerCount()).toBe(0)
})

test('a signal ends a handshake without an answer, and its timer', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { closed, opener } = silentOpener()
  const controller = new AbortController()
  const failure = openSocket('http://a/b', controller.signal, opener).catch((error) => error)
  const reason = new ConnectError('left', Code.Canceled)
  controller.abort(reason)
  expect(await failure).toBe(reason)
  expect(closed).toEqual([reason])
  expect(vi.getTimerCount()).toBe(0)
})
