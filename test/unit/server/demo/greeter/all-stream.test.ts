import { Code, createClient, createHandlerContext, createRouterTransport } from '@connectrpc/connect'
import { createWritableIterable } from '@connectrpc/connect/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import { type AllStreamRequest, GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { allStream } from '../../../../../server/demo/greeter/all-stream.ts'
import { createGreeterService } from '../../../../../server/demo/greeter/greeter-service.ts'
import { createMemoryTopicHub, type MemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import type { MemoryTopicHubOptions } from '../../../../../server/demo/topics/memory-topic-hub-options.ts'

const hubs: MemoryTopicHub[] = []

afterEach(() => {
  for (const hub of hubs.splice(0)) hub.close()
})

test('messages of one client reach all who joined, including itself, in the same order', async () => {
  const { join } = start()
  const [ada, bob] = [join(), join()]
  ada.send('room', 'hi')
  expect(await ada.next()).toBe('room 1 hi')
  bob.send('room', '')
  bob.send('room', 'hello')
  expect([await ada.next(), await bob.next()]).toEqual(['room 2 hello', 'room 2 hello'])
  ada.send('room', 'bye')
  expect([await ada.next(), await bob.next()]).toEqual(['room 3 bye', 'room 3 bye'])
  ada.end()
  bob.end()
  expect([await ada.next(), await bob.next()]).toEqual(['end', 'end'])
})

test('a client receives messages from when it joined, of the topics it joined', async () => {
  const { hub, join } = start()
  hub.publish('room', 'before')
  const ada = join()
  ada.send('room', 'x')
  expect(await ada.next()).toBe('room 2 x')
  hub.publish('elsewhere', 'y')
  hub.publish('room', 'z')
  expect(await ada.next()).toBe('room 3 z')
  ada.end()
  expect(await ada.next()).toBe('end')
})

test('when the client ends, the call ends once its published messages are delivered', async () => {
  const { hub, join } = start()
  const ada = join()
  for (const data of ['1', '2', '3']) ada.send('room', data)
  ada.end()
  const lines = [await ada.next(), await ada.next(), await ada.next(), await ada.next()]
  expect(lines).toEqual(['room 1 1', 'room 2 2', 'room 3 3', 'end'])
  expect(hub.subscriptionCount).toBe(0)
})

test('a client that only ends gets OK', async () => {
  const ada = start().join()
  ada.end()
  expect(await ada.next()).toBe('end')
})

test.each([
  ['a bad topic', { topic: 'a b', data: 'x' }, Code.InvalidArgument],
  ['data over 64 KiB', { topic: 'a', data: 'x'.repeat(65_537) }, Code.ResourceExhausted],
  ['publishing quotes', { topic: 'stocks/ACME', data: 'x' }, Code.PermissionDenied],
])('%s fails the call with its code, and leaves nothing behind', async (_name, { topic, data }, code) => {
  const { hub, join } = start()
  const ada = join()
  ada.send(topic, data)
  await expect(ada.next()).rejects.toMatchObject({ code })
  await vi.waitFor(() => expect([hub.subscriptionCount, hub.topicCount, hub.isQuoting]).toEqual([0, 0, false]))
})

test('limits the topics that a client joins', async () => {
  const ada = start().join()
  for (let index = 0; index < 101; index++) ada.send(`t${index}`, '')
  await expect(ada.next()).rejects.toMatchObject({ code: Code.ResourceExhausted })
})

test('quotes are received by joining their topic', async () => {
  const { hub, join } = start({ quoteIntervalMs: 1 })
  const ada = join()
  ada.send('stocks/ACME', '')
  expect(await ada.next()).toContain('stocks/ACME 1 {"symbol":"ACME","price":')
  ada.end()
  await vi.waitFor(() => expect(hub.isQuoting).toBe(false))
})

test('a client that disconnects leaves nothing behind', async () => {
  const { hub, join } = start()
  const ada = join()
  ada.send('room', '')
  const idle = ada.next()
  await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
  ada.vanish()
  await expect(idle).rejects.toMatchObject({ code: Code.Canceled })
  await vi.waitFor(() => expect([hub.subscriptionCount, hub.topicCount]).toEqual([0, 0]))
})

test('a finished call publishes nothing', async () => {
  const { hub } = start()
  const context = contextOf()
  const requests = createWritableIterable<AllStreamRequest>()
  const responses = allStream({ hub, closing: undefined, peerOf: () => undefined }, requests, context)
  const idle = responses.next()
  context.abort(new Error('gone'))
  await expect(idle).rejects.toThrow('gone')
  await requests.write({ $typeName: 'greeter.v1.AllStreamRequest', topic: 'room', data: 'too late' })
  expect([hub.subscriptionCount, hub.topicCount]).toEqual([0, 0])
})

test("a stalled reader does not delay the client's messages, and receives the count of missed ones", async () => {
  const { hub } = start({ maxQueueMessages: 10 })
  const requests = (async function* (): AsyncGenerator<AllStreamRequest> {
    for (let count = 0; count < 50; count++)
      yield { $typeName: 'greeter.v1.AllStreamRequest', topic: 'room', data: 'x' }
  })()
  const responses = allStream({ hub, closing: undefined, peerOf: () => undefined }, requests, contextOf())
  const first = await responses.next()
  await vi.waitFor(() => expect(hub.endedQueueBytes).toBeGreaterThan(0))
  const seen = [first.value]
  for await (const response of responses) seen.push(response)
  const missed = seen.reduce((sum, response) => sum + response.missed, 0n)
  expect([seen.length, missed, seen.at(-1)?.sequence]).toEqual([11, 39n, 50n])
})

test('is UNAVAILABLE when the hub is closed', async () => {
  const { hub, join } = start()
  const ada = join()
  const idle = ada.next()
  await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
  hub.close()
  await expect(idle).rejects.toMatchObject({ code: Code.Unavailable })
  await expect(join().next()).rejects.toMatchObject({ code: Code.Unavailable })
})

function start(options?: MemoryTopicHubOptions) {
  const hub = createMemoryTopicHub(options)
  hubs.push(hub)
  const transport = createRouterTransport(({ service }) => service(GreeterService, createGreeterService(hub)))
  const client = createClient(GreeterService, transport)
  return { hub, join: () => new Chatter(client) }
}

/** One AllStream call, with what comes back as text. */
class Chatter {
  readonly #requests = createWritableIterable<{ topic: string; data: string }>()
  readonly #call = new AbortController()
  readonly #responses: AsyncIterator<{ topic: string; sequence: bigint; data: string }>

  constructor(client: ReturnType<typeof createClient<typeof GreeterService>>) {
    const responses = client.allStream(this.#requests, { signal: this.#call.signal })
    this.#responses = responses[Symbol.asyncIterator]()
  }

  send(topic: string, data: string): void {
    // A failed call stops reading: messages in flight are rejected then.
    this.#requests.write({ topic, data }).catch(() => {})
  }

  end(): void {
    this.#requests.close()
  }

  vanish(): void {
    this.#call.abort()
  }

  async next(): Promise<string> {
    const { done, value } = await this.#responses.next()
    return done ? 'end' : `${value.topic} ${value.sequence} ${value.data}`
  }
}

function contextOf() {
  return createHandlerContext({
    service: GreeterService,
    method: GreeterService.method.allStream,
    protocolName: 'grpc',
    requestMethod: 'POST',
    url: 'http://localhost/',
  })
}
