/** Calls that share a signal, as that of a page or of a shutdown, have one listener on it together. */
import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createGreeterService } from '../../server/demo/greeter/greeter-service.ts'
import { createMemoryTopicHub } from '../../server/demo/topics/memory-topic-hub.ts'
import { MAX_PARTS_PER_TURN } from '../../wire/http2/turn-slices.ts'
import { startRoutes } from '../support/demo-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

const CALLS = 90

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

async function startGreeter(options: { maxSubscriptions?: number } = {}) {
  const closing = new AbortController()
  const hub = createMemoryTopicHub(options)
  const greeter = createGreeterService(hub, { closing: closing.signal })
  const { origin } = await startRoutes({ routes: (router) => router.service(GreeterService, greeter) })
  return { closing, hub, origin }
}

test.each(['grpc', 'grpc-web', 'connect'] as const)(
  '%s calls that share a signal have one listener on it, and none once they are over',
  async (protocol) => {
    const { hub, origin } = await startGreeter()
    const { client } = openGreeter({ baseUrl: origin, protocol })
    const controller = new AbortController()
    const { signal } = controller
    const reads = Array.from({ length: CALLS }, async () => {
      for await (const _message of client.getStream({ topic: 'shared', limit: 1 }, { signal }));
    })
    await expect.poll(() => hub.subscriptionCount).toBe(CALLS)
    expect(listenersOf(signal)).toBeLessThanOrEqual(1)
    await client.sayHello({ name: 'shared' }, { signal })
    await client.publish({ topic: 'shared', data: 'all' }, { signal })
    await Promise.all(reads)
    expect(listenersOf(signal)).toBe(0)
  },
)

test.each(['grpc', 'grpc-web', 'connect'] as const)(
  'the abort of a shared signal ends all %s calls synchronously',
  async (protocol) => {
    const { hub, origin } = await startGreeter()
    const { client } = openGreeter({ baseUrl: origin, protocol })
    const controller = new AbortController()
    const calls = Array.from({ length: CALLS }, () =>
      client.publish({ topic: 'shared', data: 'x' }, { signal: controller.signal }),
    )
    controller.abort()
    const ends = await Promise.allSettled(calls)
    expect(ends.map((end) => end.status === 'rejected' && ConnectError.from(end.reason).code)).toEqual(
      Array.from({ length: CALLS }, () => Code.Canceled),
    )
    expect(hub.topicCount).toBe(0)
  },
)

test('open GetStreams share one listener on the shutdown signal, and a rejected call adds none', async () => {
  const { closing, hub, origin } = await startGreeter({ maxSubscriptions: CALLS })
  const { client } = openGreeter({ baseUrl: origin })
  const reads = Array.from({ length: CALLS }, async () => {
    for await (const _message of client.getStream({ topic: 'open' }));
  })
  await expect.poll(() => hub.subscriptionCount).toBe(CALLS)
  const listeners = listenersOf(closing.signal)
  expect(listeners).toBe(1)
  const refused = client.getStream({ topic: 'open' })[Symbol.asyncIterator]().next()
  await expect(refused).rejects.toMatchObject({ code: Code.ResourceExhausted })
  expect(listenersOf(closing.signal)).toBe(1)
  closing.abort()
  await Promise.all(reads)
  expect(hub.subscriptionCount).toBe(0)
})

test('GetStreams end over several turns at shutdown, so that other calls are served in between', async () => {
  const closing = new AbortController()
  const hub = createMemoryTopicHub()
  const greeter = createGreeterService(hub, { closing: closing.signal })
  const { origin } = await startRoutes({
    lane: 'native',
    routes: (router) => router.service(GreeterService, greeter),
    listen: { maxConcurrentStreams: 1_000, http2: { sessionBufferBytes: 256 * 1_024 * 1_024 } },
  })
  const { client } = openGreeter({ baseUrl: origin })
  const streams = 3 * MAX_PARTS_PER_TURN
  const reads = Array.from({ length: streams }, async () => {
    for await (const _message of client.getStream({ topic: 'many' }));
  })
  await expect.poll(() => hub.subscriptionCount, { timeout: 10_000 }).toBe(streams)
  const counts: number[] = []
  await setImmediate()
  closing.abort()
  for (let before = streams; before > 0; await setImmediate()) {
    counts.push(before - hub.subscriptionCount)
    before = hub.subscriptionCount
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(MAX_PARTS_PER_TURN)
  await Promise.all(reads)
})
