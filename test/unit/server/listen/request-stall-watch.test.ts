import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RequestStallWatch, type StartedRequest } from '../../../../server/listen/request-stall-watch.ts'
import type { NodeRequest, NodeResponse } from '../../../../server/rpc/exchange/node-request.ts'
import { connectUnary } from '../../../../server/rpc/protocols/connect/unary-protocol.ts'
import { grpc } from '../../../../server/rpc/protocols/grpc/protocol.ts'

const STALL_MS = 1_000
const REQUEST_MS = 4_000
const LIMITS = { stallTimeoutMs: STALL_MS, requestTimeoutMs: REQUEST_MS }
/** Sweeps run four times within the shortest limit. */
const SWEEP_MS = STALL_MS / 4

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** An HTTP/1.1 exchange of which a test sets each thing that the watch looks at. */
function exchange(protocol: StartedRequest['protocol']) {
  const socket = { destroy: vi.fn(), bytesWritten: 100, writableLength: 100 }
  const request = Object.assign(new EventEmitter(), {
    headers: {},
    rawHeaders: [],
    method: 'POST',
    url: '/',
    complete: false,
    destroyed: false,
    readableLength: 0,
    socket,
  })
  const response = Object.assign(new EventEmitter(), {
    headersSent: false,
    writableEnded: false,
    writableLength: 0,
    statusCode: 200,
    setHeader: vi.fn(),
    end: vi.fn(),
  })
  const progress = { receivedBytes: 0, isOwed: protocol === connectUnary }
  return {
    request,
    response,
    progress,
    socket,
    started: {
      request: request as unknown as NodeRequest,
      response: response as unknown as NodeResponse,
      progress,
      protocol,
    },
  }
}

function watch(protocol: StartedRequest['protocol']) {
  const watched = exchange(protocol)
  new RequestStallWatch(LIMITS).add(watched.started)
  return watched
}

test('a unary body that stops gets 408 after the stall timeout, and at most a sweep later', () => {
  const { response, socket } = watch(connectUnary)
  vi.advanceTimersByTime(STALL_MS)
  expect(response.end).not.toHaveBeenCalled()
  vi.advanceTimersByTime(SWEEP_MS)
  expect(response.end).toHaveBeenCalledOnce()
  expect(response.statusCode).toBe(408)
  expect(socket.destroy).not.toHaveBeenCalled()
})

test('a body that progresses, however slowly, is left alone', () => {
  const { response, progress } = watch(connectUnary)
  for (let count = 0; count < 20; count++) {
    progress.receivedBytes += 1
    vi.advanceTimersByTime(STALL_MS)
  }
  expect(response.end).not.toHaveBeenCalled()
})

test.each([
  ['between messages is left alone', false, 0],
  ['inside of a message is ended', true, 1],
])('a stream that pauses %s', (_name, isOwed, ends) => {
  const { response, progress } = watch(grpc)
  progress.isOwed = isOwed
  vi.advanceTimersByTime(STALL_MS + SWEEP_MS)
  expect(response.end).toHaveBeenCalledTimes(ends)
})

test('a body that its reader has not taken does not count against the peer', () => {
  const { request, response } = watch(connectUnary)
  request.readableLength = 1
  vi.advanceTimersByTime(10 * STALL_MS)
  expect(response.end).not.toHaveBeenCalled()
})

test('a stall after the response headers cuts the connection', () => {
  const { response, socket } = watch(connectUnary)
  response.headersSent = true
  vi.advanceTimersByTime(STALL_MS + SWEEP_MS)
  expect(socket.destroy).toHaveBeenCalled()
  expect(response.end).not.toHaveBeenCalled()
})

test('ordinary HTTP has the request timeout for its whole body, progressing or not', () => {
  const { response, progress } = watch(undefined)
  for (let passedMs = 0; passedMs < REQUEST_MS; passedMs += SWEEP_MS) {
    progress.receivedBytes += 1
    vi.advanceTimersByTime(SWEEP_MS)
  }
  expect(response.end).not.toHaveBeenCalled()
  vi.advanceTimersByTime(SWEEP_MS)
  expect(response.statusCode).toBe(408)
})

test('an unread response cuts the connection; one being read does not', () => {
  const { request, response, socket } = watch(grpc)
  request.complete = true
  response.writableLength = 100
  for (let count = 0; count < 8; count++) {
    response.writableLength -= 1
    vi.advanceTimersByTime(SWEEP_MS)
  }
  expect(socket.destroy).not.toHaveBeenCalled()
  vi.advanceTimersByTime(STALL_MS + SWEEP_MS)
  expect(socket.destroy).toHaveBeenCalled()
})

test('a response whose queue is as long as before, because as much was written as was read, is not cut', () => {
  const { request, response, socket } = watch(grpc)
  request.complete = true
  response.writableLength = 100
  for (let count = 0; count < 20; count++) {
    socket.bytesWritten += 100
    vi.advanceTimersByTime(SWEEP_MS)
  }
  expect(socket.destroy).not.toHaveBeenCalled()
  vi.advanceTimersByTime(STALL_MS + SWEEP_MS)
  expect(socket.destroy).toHaveBeenCalled()
})

test('a limit of 0 disables it', () => {
  const { started, response } = exchange(connectUnary)
  new RequestStallWatch({ stallTimeoutMs: 0, requestTimeoutMs: 0 }).add(started)
  vi.advanceTimersByTime(86_400_000)
  expect(response.end).not.toHaveBeenCalled()
})

test('the timer runs while there is an exchange, until both of its halves are over', () => {
  const stalls = new RequestStallWatch(LIMITS)
  const [one, other] = [exchange(grpc), exchange(grpc)]
  stalls.add(one.started)
  stalls.add(other.started)
  expect(vi.getTimerCount()).toBe(1)
  one.request.complete = true
  one.response.emit('close')
  other.response.emit('close')
  expect(vi.getTimerCount()).toBe(1)
  other.request.emit('close')
  expect(vi.getTimerCount()).toBe(0)
})

test.each([true, false])('a response ends the watch if the whole body has arrived: %s', (isPeerDone) => {
  const { started, request, response } = exchange(connectUnary)
  new RequestStallWatch(LIMITS).add({ ...started, progress: { receivedBytes: 5, isOwed: false, isPeerDone } })
  response.emit('close')
  expect(vi.getTimerCount()).toBe(isPeerDone ? 0 : 1)
  expect(request.listenerCount('close')).toBe(isPeerDone ? 0 : 1)
})
