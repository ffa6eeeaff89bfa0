import { setImmediate } from 'node:timers/promises'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { type Client, Code, createClient, createRouterTransport } from '@connectrpc/connect'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type GetStreamResponse, GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { createGreeterService } from '../../../../../server/demo/greeter/greeter-service.ts'
import { MAX_TOPICS_PER_PUT } from '../../../../../server/demo/greeter/put-stream.ts'
import { createMemoryTopicHub, type MemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import type { MemoryTopicHubOptions } from '../../../../../server/demo/topics/memory-topic-hub-options.ts'
import { collect } from '../../../../support/collect.ts'

const KIB = 1_024
const hubs: MemoryTopicHub[] = []

afterEach(() => {
  vi.useRealTimers()
  for (const hub of hubs.splice(0)) hub.close()
})

describe('SayHello', () => {
  test('greets', async () => {
    const { client } = start()
    expect(await client.sayHello({ name: '世界' })).toMatchObject({ message: 'Hello 世界' })
    expect(await client.sayHello({})).toMatchObject({ message: 'Hello ' })
  })
})

describe('Publish', () => {
  test('responds with the sequence number', async () => {
    const { client } = start()
    expect(await client.publish({ topic: 'a', data: 'x' })).toMatchObject({ sequence: 1n })
    expect(await client.publish({ topic: 'a', data: '' })).toMatchObject({ sequence: 2n })
  })

  test('accepts 64 KiB and not a byte more', async () => {
    const { client } = start()
    expect(await client.publish({ topic: 'a', data: 'x'.repeat(64 * KIB) })).toMatchObject({ sequence: 1n })
    await expect(client.publish({ topic: 'a', data: `ä${'x'.repeat(64 * KIB - 1)}` })).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: 'data: must be 65536 bytes of UTF-8 at most, is 65537',
    })
  })

  test('names the field of an invalid topic', async () => {
    await expect(start().client.publish({ topic: '', data: 'x' })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: 'topic: must be 1 to 128 characters of A-Z a-z 0-9 . _ / -',
    })
  })

  test('is not allowed on quote topics', async () => {
    await expect(start().client.publish({ topic: 'stocks/ACME', data: '0.01' })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    })
  })

  test('is rejected when no topic can be evicted', async () => {
    const { client, hub } = start({ maxTopics: 1 })
    hub.subscribe().join('a')
    hub.publish('a', 'x')
    await expect(client.publish({ topic: 'b', data: 'x' })).rejects.toMatchObject({ code: Code.ResourceExhausted })
  })

  test('is UNAVAILABLE after the hub is closed', async () => {
    const { client, hub } = start()
    hub.close()
    await expect(client.publish({ topic: 'a', data: 'x' })).rejects.toMatchObject({ code: Code.Unavailable })
  })
})

describe('GetStream', () => {
  test('sends kept messages and ends at the limit', async () => {
    const { client, hub } = start({ now: () => 1_700_000_000_123 })
    for (const data of ['x', 'y', 'z']) hub.publish('a', data)
    const messages = await collect(client.getStream({ topic: 'a', afterSequence: 0n, limit: 2 }))
    expect(messages.map(({ sequence, data }) => `${sequence} ${data}`)).toEqual(['1 x', '2 y'])
    expect(messages[0]).toMatchObject({ topic: 'a', time: timestampFromMs(1_700_000_000_123), missed: 0n })
    expect(hub.subscriptionCount).toBe(0)
  })

  test('sends only new messages without a position', async () => {
    const { client, hub } = start()
    hub.publish('a', 'before')
    const reading = collect(client.getStream({ topic: 'a', limit: 1 }))
    await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
    hub.publish('a', 'after')
    expect(await reading).toMatchObject([{ sequence: 2n, data: 'after', missed: 0n }])
  })

  test('reports messages that are no longer kept', async () => {
    const { client, hub } = start()
    for (let count = 0; count < 1_100; count++) hub.publish('a', 'x')
    expect(await collect(client.getStream({ topic: 'a', afterSequence: 10n, limit: 2 }))).toMatchObject([
      { sequence: 77n, missed: 66n },
      { sequence: 78n, missed: 0n },
    ])
  })

  test('keeps 1 MiB per topic', async () => {
    const { client, hub } = start()
    for (let count = 0; count < 20; count++) hub.publish('a', 'x'.repeat(64 * KIB))
    expect(await collect(client.getStream({ topic: 'a', afterSequence: 0n, limit: 1 }))).toMatchObject([
      { sequence: 5n, missed: 4n },
    ])
  })

  test('resumes in another epoch with all kept messages, and reports that', async () => {
    const { client, hub } = start()
    for (const data of ['x', 'y', 'z']) hub.publish('a', data)
    const request = { topic: 'a', afterSequence: 2n, epoch: 'another' }
    expect(await collect(client.getStream({ ...request, limit: 3 }))).toMatchObject([
      { sequence: 1n, reset: true, missed: 0n },
      { sequence: 2n, reset: false },
      { sequence: 3n, reset: false },
    ])
  })

  test('resumes in the same epoch after the given message, up to the last one', async () => {
    const { client } = start()
    const { epoch, sequence } = await client.publish({ topic: 'a', data: 'x' })
    await client.publish({ topic: 'a', data: 'y' })
    const request = { topic: 'a', epoch, limit: 1 }
    expect(await collect(client.getStream({ ...request, afterSequence: sequence }))).toMatchObject([
      { data: 'y', epoch, reset: false },
    ])
    await expect(collect(client.getStream({ ...request, afterSequence: 3n }))).rejects.toMatchObject({
      code: Code.OutOfRange,
      rawMessage: expect.stringMatching(/^after_sequence: is 3, /),
    })
    await expect(collect(client.getStream(request))).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: 'epoch: needs after_sequence',
    })
  })

  test('treats a number above the last one as 0', async () => {
    const { client, hub } = start()
    hub.publish('a', 'x')
    expect(await collect(client.getStream({ topic: 'a', afterSequence: 99n, limit: 1 }))).toMatchObject([
      { sequence: 1n, missed: 0n },
    ])
  })

  test('a ticker client that reconnects sees each quote once', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const { client, hub } = start()
    hub.subscribe().join('stocks/ACME')
    const seen: bigint[] = []
    for (const enough of [3, 5, 9]) {
      const reading = readUntil(client, { topic: 'stocks/ACME', afterSequence: seen.at(-1) ?? 0n }, (message) => {
        expect(message.missed).toBe(0n)
        seen.push(message.sequence)
        return seen.length === enough
      })
      let isCut = false
      const cut = expect(reading)
        .rejects.toMatchObject({ code: Code.Canceled })
        .finally(() => {
          isCut = true
        })
      while (!isCut) {
        vi.advanceTimersByTime(1_000)
        await setImmediate()
      }
      await cut
      await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
      vi.advanceTimersByTime(2_000)
    }
    expect(seen).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
  })

  test('an abort while idle ends it at once and leaves nothing behind', async () => {
    const { client, hub } = start()
    const controller = new AbortController()
    const reading = collect(client.getStream({ topic: 'a' }, { signal: controller.signal }))
    await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
    controller.abort()
    await expect(reading).rejects.toMatchObject({ code: Code.Canceled })
    await vi.waitFor(() => expect([hub.subscriptionCount, hub.topicCount]).toEqual([0, 0]))
  })

  test('ends at its deadline, while idle', async () => {
    const { client, hub } = start()
    await expect(collect(client.getStream({ topic: 'a' }, { timeoutMs: 5 }))).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    })
    await vi.waitFor(() => expect(hub.subscriptionCount).toBe(0))
  })

  test('rejects an invalid topic', async () => {
    const { client, hub } = start()
    for (const topic of ['a b', 'stocks/', 'stocks/A/B']) {
      await expect(collect(client.getStream({ topic }))).rejects.toMatchObject({ code: Code.InvalidArgument })
    }
    expect(hub.subscriptionCount).toBe(0)
  })

  test('is UNAVAILABLE when the hub is closed, so that the client reconnects', async () => {
    const { client, hub } = start()
    const reading = collect(client.getStream({ topic: 'a' }))
    await vi.waitFor(() => expect(hub.subscriptionCount).toBe(1))
    hub.close()
    await expect(reading).rejects.toMatchObject({ code: Code.Unavailable })
    await expect(collect(client.getStream({ topic: 'a' }))).rejects.toMatchObject({ code: Code.Unavailable })
  })
})

describe('PutStream', () => {
  test('summarizes the published messages', async () => {
    const { client, hub } = start()
    hub.publish('a', 'before')
    const requests = [
      { topic: 'a', data: 'x' },
      { topic: '__proto__', data: 'x' },
      { topic: 'a', data: 'y' },
    ]
    const { accepted, lastSequence } = await client.putStream(stream(requests))
    expect(accepted).toBe(3n)
    expect(Object.entries(lastSequence).sort()).toEqual([
      ['__proto__', 1n],
      ['a', 3n],
    ])
  })

  test('summarizes an empty stream', async () => {
    expect(await start().client.putStream(stream([]))).toMatchObject({ accepted: 0n, lastSequence: {} })
  })

  test('fails at the first invalid message', async () => {
    const { client, hub } = start()
    const requests = [
      { topic: 'a', data: 'x' },
      { topic: 'a b', data: 'x' },
      { topic: 'c', data: 'x' },
    ]
    await expect(client.putStream(stream(requests))).rejects.toMatchObject({ code: Code.InvalidArgument })
    expect(hub.topicCount).toBe(1)
  })

  test('limits the topics of a stream', async () => {
    const { client, hub } = start()
    const requests = Array.from({ length: MAX_TOPICS_PER_PUT + 1 }, (_, index) => ({ topic: `t${index}`, data: 'x' }))
    await expect(client.putStream(stream(requests))).rejects.toMatchObject({ code: Code.ResourceExhausted })
    expect(hub.topicCount).toBe(MAX_TOPICS_PER_PUT)
  })
})

function start(options?: MemoryTopicHubOptions): { client: Client<typeof GreeterService>; hub: MemoryTopicHub } {
  const hub = createMemoryTopicHub(options)
  hubs.push(hub)
  const transport = createRouterTransport(({ service }) => service(GreeterService, createGreeterService(hub)))
  return { client: createClient(GreeterService, transport), hub }
}

async function* stream<T>(items: T[]): AsyncGenerator<T> {
  yield* items
}

/** Reads enough messages, then cancels the call. */
async function readUntil(
  client: Client<typeof GreeterService>,
  request: { topic: string; afterSequence: bigint },
  isEnough: (message: GetStreamResponse) => boolean,
): Promise<void> {
  const call = new AbortController()
  for await (const message of client.getStream(request, { signal: call.signal })) {
    if (isEnough(message)) call.abort()
  }
}
