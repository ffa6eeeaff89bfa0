import { randomUUID } from 'node:crypto'
import { type Client, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { watchTopic } from '../../client/demo/watch-topic.ts'
import { type GetStreamResponse, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { type CuttableProxy, startCuttableProxy } from '../support/cuttable-proxy.ts'
import { startDemo } from '../support/demo-server.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const ROWS = MATRIX.filter(({ format, isSecure }) => format === 'proto' && !isSecure)
const SEED = 20_240_229
const CUTS = 12
const MAX_MESSAGES_UNTIL_CUT = 12

describe.each(ROWS)('a disconnected subscriber, $name', (row) => {
  async function start() {
    const app = await startDemo({ servesPage: false, quoteIntervalMs: 1 })
    const proxy = await startCuttableProxy(app.port)
    const connect = (port: number) => {
      const { transport, close } = openTransport(row, { port, ca: '' })
      onTestFinished(close)
      return createClient(GreeterService, transport)
    }
    return { proxy, subscriber: connect(Number(new URL(proxy.origin).port)), publisher: connect(app.port) }
  }

  test('misses no quote of a ticker, and sees each once', async () => {
    const { subscriber, proxy } = await start()
    const messages = await watchWithCuts({ subscriber, proxy, topic: 'stocks/ACME', whileAway: async () => {} })
    expectEachOnce(messages)
    expect(proxy.connections).toBeGreaterThan(CUTS)
  })

  test('receives what was published while it was away', async () => {
    const { subscriber, proxy, publisher } = await start()
    const topic = `resume/${randomUUID()}`
    const publish = async () => {
      for (let count = 0; count < MAX_MESSAGES_UNTIL_CUT; count++) await publisher.publish({ topic, data: 'x' })
    }
    await publish()
    const messages = await watchWithCuts({ subscriber, proxy, topic, whileAway: publish })
    expectEachOnce(messages)
    expect(messages.length).toBeGreaterThan(CUTS)
  })
})

test.each(ROWS)('a subscriber whose server restarted reads all that the new one keeps, $name', async (row) => {
  const topic = `restart/${randomUUID()}`
  const connect = (port: number) => {
    const { transport, close } = openTransport(row, { port, ca: '' })
    onTestFinished(close)
    return createClient(GreeterService, transport)
  }
  const [before, after] = await Promise.all([1, 2].map(() => startDemo({ servesPage: false })))
  if (before === undefined || after === undefined) throw new Error('two servers are there')
  const [old, anew] = [connect(before.port), connect(after.port)]
  for (let count = 0; count < 5; count++) await old.publish({ topic, data: 'old' })
  const last = await readOne(old, { topic, afterSequence: 4n })
  // More than the subscriber has seen: its sequence alone would name a message of the new server.
  for (let count = 1; count <= 8; count++) await anew.publish({ topic, data: `new ${count}` })

  const resumed = watchTopic(anew, { topic, afterSequence: last.sequence, epoch: last.epoch })
  const messages: GetStreamResponse[] = []
  for await (const message of resumed) if (messages.push(message) === 8) break
  expect(messages.map(({ data }) => data)).toEqual(Array.from({ length: 8 }, (_, index) => `new ${index + 1}`))
  expect(messages.map(({ reset }) => reset)).toEqual([true, ...Array(7).fill(false)])
  expect(messages.every(({ missed, epoch }) => missed === 0n && epoch !== last.epoch)).toBe(true)
  // Clients that know no epochs go by the sequence alone.
  expect(await readOne(anew, { topic, afterSequence: 5n })).toMatchObject({ data: 'new 6', reset: false })
})

async function readOne(
  client: Client<typeof GreeterService>,
  from: { topic: string; afterSequence: bigint },
): Promise<GetStreamResponse> {
  const [message] = await collect(client.getStream({ ...from, limit: 1 }))
  if (message === undefined) throw new Error('the topic keeps no message there')
  return message
}

interface CutWatch {
  readonly subscriber: Client<typeof GreeterService>
  readonly proxy: CuttableProxy
  readonly topic: string
  /** Runs after each cut, before the next call. */
  readonly whileAway: () => Promise<void>
}

/** Reads a topic from its start. Each call but the last one is cut off, after a seeded number of messages. */
async function watchWithCuts({ subscriber, proxy, topic, whileAway }: CutWatch): Promise<GetStreamResponse[]> {
  const random = new SeededRandom(SEED)
  const messages: GetStreamResponse[] = []
  let calls = 0
  let untilCut = 0
  const watch = watchTopic(subscriber, {
    topic,
    afterSequence: 0n,
    sleep: whileAway,
    onState({ name }) {
      if (name !== 'connecting') return
      calls += 1
      untilCut = 1 + random.below(MAX_MESSAGES_UNTIL_CUT)
    },
  })
  for await (const message of watch) {
    messages.push(message)
    untilCut -= 1
    if (untilCut !== 0) continue
    if (calls > CUTS) break
    proxy.cut()
    proxy.mend()
  }
  expect(calls).toBe(CUTS + 1)
  return messages
}

function expectEachOnce(messages: readonly GetStreamResponse[]): void {
  expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, index) => BigInt(index + 1)))
  expect(messages.every(({ missed }) => missed === 0n)).toBe(true)
}
