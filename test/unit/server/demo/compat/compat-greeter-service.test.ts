import {
  type Client,
  ConnectError,
  createClient,
  createHandlerContext,
  createRouterTransport,
} from '@connectrpc/connect'
import { afterEach, expect, test, vi } from 'vitest'
import { Greeter, type StreamReqData } from '../../../../../gen/compat/greeter_pb.js'
import {
  type CompatGreeterOptions,
  createCompatGreeterService,
} from '../../../../../server/demo/compat/compat-greeter-service.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('SayHello greets', async () => {
  expect(await clientOf().sayHello({ name: 'Ada' })).toMatchObject({ message: 'Hello Ada' })
})

test('GetStream sends the time eleven times', async () => {
  let nowMs = 1_700_000_000_999
  const client = clientOf({ intervalMs: 1, now: () => nowMs++ })
  const lines: string[] = []
  for await (const { data } of client.getStream({ data: 'x' })) lines.push(data)
  expect(lines).toEqual(['date: 1700000000', ...Array(10).fill('date: 1700000001')])
})

test('GetStream sends the time every second, the first time at once', async () => {
  vi.useFakeTimers()
  const { getStream } = serviceOf()
  const stream = getStream(requestOf(''), contextOf())[Symbol.asyncIterator]()
  expect(await stream.next()).toMatchObject({ done: false })
  const second = stream.next()
  await vi.advanceTimersByTimeAsync(999)
  expect(vi.getTimerCount()).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(await second).toMatchObject({ done: false })
  await stream.return?.()
  expect(vi.getTimerCount()).toBe(0)
})

test('GetStream stops at once when the call is aborted', async () => {
  vi.useFakeTimers()
  const context = contextOf()
  const stream = serviceOf().getStream(requestOf(''), context)[Symbol.asyncIterator]()
  await stream.next()
  const second = stream.next()
  const reason = new Error('gone')
  context.abort(reason)
  await expect(second).rejects.toBe(reason)
  expect(vi.getTimerCount()).toBe(0)
})

test('PutStream logs each message and responds with the count', async () => {
  const info = vi.fn()
  expect(await clientOf({ log: { info } }).putStream(requestsOf(['a', 'b', 'c']))).toMatchObject({ data: '3' })
  expect(info.mock.calls.map(([fields]) => fields.data)).toEqual(['a', 'b', 'c'])
})

test('AllStream sends and receives independently, until the client ends', async () => {
  const info = vi.fn()
  const ended = Promise.withResolvers<void>()
  const requests = requestsOf(['a', 'b'], ended.promise)
  const lines: string[] = []
  for await (const { data } of clientOf({ intervalMs: 1, log: { info } }).allStream(requests)) {
    lines.push(data)
    if (lines.length === 3) ended.resolve()
  }
  expect(lines.length).toBeGreaterThanOrEqual(3)
  expect(new Set(lines)).toEqual(new Set(['我是服务器']))
  expect(info.mock.calls.map(([fields]) => fields.data)).toEqual(['a', 'b'])
})

test('AllStream ends during a pause when the client ends', async () => {
  vi.useFakeTimers()
  const ended = Promise.withResolvers<void>()
  const stream = serviceOf().allStream(requestsOf([], ended.promise), contextOf())[Symbol.asyncIterator]()
  expect(await stream.next()).toEqual({ done: false, value: { data: '我是服务器' } })
  const second = stream.next()
  expect(vi.getTimerCount()).toBe(1)
  ended.resolve()
  expect(await second).toMatchObject({ done: true })
  expect(vi.getTimerCount()).toBe(0)
})

test('AllStream stops at once when the call is aborted', async () => {
  vi.useFakeTimers()
  const context = contextOf()
  const stream = serviceOf()
    .allStream(requestsOf([], new Promise(() => {})), context)
    [Symbol.asyncIterator]()
  await stream.next()
  const second = stream.next()
  context.abort(new Error('gone'))
  await expect(second).rejects.toThrow('gone')
  expect(vi.getTimerCount()).toBe(0)
})

test('AllStream fails when its input does', async () => {
  const broken = Promise.reject(new ConnectError('broken'))
  const stream = serviceOf().allStream(requestsOf([], broken), contextOf())[Symbol.asyncIterator]()
  await stream.next()
  await expect(stream.next()).rejects.toThrow('broken')
})

test.each([0, 1.5, Number.NaN, 86_400_001])('rejects an interval of %d', (intervalMs) => {
  expect(() => serviceOf({ intervalMs })).toThrow(
    new RangeError(`intervalMs must be a whole number from 1 to 86400000, is ${intervalMs}`),
  )
})

function serviceOf(options: Partial<CompatGreeterOptions> = {}) {
  return createCompatGreeterService({ log: { info: () => {} }, ...options })
}

function clientOf(options?: Partial<CompatGreeterOptions>): Client<typeof Greeter> {
  return createClient(
    Greeter,
    createRouterTransport(({ service }) => service(Greeter, serviceOf(options))),
  )
}

function requestOf(data: string): StreamReqData {
  return { $typeName: 'StreamReqData', data }
}

/** Sends the texts, and then ends with the promise. */
async function* requestsOf(texts: string[], until?: Promise<unknown>): AsyncGenerator<StreamReqData> {
  for (const data of texts) yield requestOf(data)
  await until
}

function contextOf() {
  return createHandlerContext({
    service: Greeter,
    method: Greeter.method.getStream,
    protocolName: 'grpc',
    requestMethod: 'POST',
    url: 'http://localhost/',
  })
}
