import { getEventListeners } from 'node:events'
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, test, vi } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { abortInput } from '../../../../server/reference/abort-interceptors.ts'

type Read = IteratorResult<string, undefined>

const REASON = new ConnectError('the server is shutting down', Code.Unavailable)
const MESSAGE: Read = { done: false, value: 'a' }
const END: Read = { done: true, value: undefined }

test('passes messages and the end, and leaves no listener', async () => {
  const { upstream, reads, listeners } = setUp()
  upstream.next.mockResolvedValueOnce(MESSAGE).mockResolvedValueOnce(END)
  expect(await reads.next()).toEqual(MESSAGE)
  expect(listeners()).toBe(1)
  expect(await reads.next()).toEqual(END)
  expect(listeners()).toBe(0)
})

test('rejects a pending read with the reason of the signal', async () => {
  const { upstream, reads, abort, listeners } = setUp()
  upstream.next.mockReturnValue(new Promise(() => {}))
  const waiting = reads.next()
  abort()
  await expect(waiting).rejects.toBe(REASON)
  expect(listeners()).toBe(0)
  expect(upstream.return).toHaveBeenCalledOnce()
  expect(await reads.next()).toEqual(END)
})

test('rejects a read after the abort, though messages are queued', async () => {
  const { upstream, reads, abort } = setUp()
  upstream.next.mockResolvedValue(MESSAGE)
  await reads.next()
  abort()
  await expect(reads.next()).rejects.toBe(REASON)
  expect(upstream.next).toHaveBeenCalledOnce()
  expect(upstream.return).toHaveBeenCalledOnce()
})

test('an input that ends while the signal aborts counts as aborted', async () => {
  const { upstream, reads, abort } = setUp()
  const end = Promise.resolve(END)
  upstream.next.mockReturnValue(end)
  const waiting = reads.next()
  // The end is read by now, and handed on in the next turn.
  void end.then(abort)
  await expect(waiting).rejects.toBe(REASON)
})

test('a reader that leaves early releases the input', async () => {
  const { upstream, reads, listeners } = setUp()
  upstream.next.mockResolvedValue(MESSAGE)
  await reads.next()
  await reads.return?.()
  expect(upstream.return).toHaveBeenCalledOnce()
  expect(listeners()).toBe(0)
})

test('an input that fails does so with its own error', async () => {
  const { upstream, reads, listeners } = setUp()
  const failure = new Error('broken')
  upstream.next.mockRejectedValue(failure)
  await expect(reads.next()).rejects.toBe(failure)
  expect(listeners()).toBe(0)
})

test('the input of a unary call is unchanged', async () => {
  const transport = createRouterTransport(
    ({ service }) => service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
    { router: { interceptors: [abortInput] } },
  )
  expect((await createClient(GreeterService, transport).sayHello({ name: 'Ada' })).message).toBe('Hello Ada')
})

/** The reads of a call's handler, and the upstream iterator behind them. */
function setUp() {
  const upstream = { next: vi.fn<() => Promise<Read>>(), return: vi.fn(async () => END) }
  const controller = new AbortController()
  const { signal } = controller
  let wrapped: unknown
  const call = abortInput(async (request) => {
    wrapped = request.message
    throw new Error('no answer')
  })
  const message = { [Symbol.asyncIterator]: () => upstream }
  call({ stream: true, message, signal } as unknown as Parameters<typeof call>[0]).catch(() => {})
  const reads = (wrapped as AsyncIterable<string>)[Symbol.asyncIterator]()
  const listeners = () => getEventListeners(signal, 'abort').length
  return { upstream, reads, abort: () => controller.abort(REASON), listeners }
}
