/** Three servers on one broker: what one publishes, subscribers of the others read, whatever is cut, killed or restarted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code } from '@connectrpc/connect'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import {
  FleetServer,
  faultsIn,
  publishPersistently,
  type ReadMessage,
  readPersistently,
} from '../support/brokers/topic-fleet.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const PATIENCE_MS = 90_000

const ENGINES = [
  ['redis', startRedisServer],
  ['nats', startNatsServer],
] as const

interface Published {
  readonly epoch: string
  readonly sequence: bigint
  readonly data: string
}

/** A publisher that takes the servers in turn, until it is told to stop. */
class Publisher {
  readonly published: Published[] = []
  readonly failures = new Set<Code>()
  #isStopping = false

  async run(servers: readonly FleetServer[]): Promise<void> {
    let turn = 0
    const next = () => servers[turn++ % servers.length] as FleetServer
    for (let count = 1; !this.#isStopping; count++) await this.#publish(next, String(count))
    await this.#publish(next, 'end')
  }

  stop(): void {
    this.#isStopping = true
  }

  async #publish(next: () => FleetServer, data: string): Promise<void> {
    const { failures, ...place } = await publishPersistently(next, 'news', data)
    this.published.push({ ...place, data })
    for (const failure of failures) this.failures.add(failure)
    await sleep(1)
  }
}

/** Nothing twice, nothing left out without a word, and what was confirmed is what was read. */
function expectWhole(read: readonly ReadMessage[], published: readonly Published[]): void {
  expect(faultsIn(read)).toEqual([])
  const texts = new Map(read.map(({ epoch, sequence, data }) => [`${epoch} ${sequence}`, data]))
  const missed = read.reduce((sum, message) => sum + message.missed, 0n)
  const unread = published.filter(({ epoch, sequence, data }) => texts.get(`${epoch} ${sequence}`) !== data)
  expect(BigInt(unread.length)).toBeLessThanOrEqual(missed)
}

describe.each(ENGINES)('three servers on %s', (scheme, startBroker) => {
  async function startFleet() {
    const broker = await startBroker()
    onTestFinished(() => broker[Symbol.asyncDispose]())
    const starts = [1, 2, 3].map(() => FleetServer.start(scheme, broker.port))
    return { broker, servers: await Promise.all(starts) }
  }

  it('deliver in order and without a gap while each is killed in turn', { timeout: PATIENCE_MS }, async () => {
    const { servers } = await startFleet()
    const publisher = new Publisher()
    const reads = Promise.all(servers.map((server) => readPersistently(server, 'news', 'end')))
    const publishing = publisher.run(servers)
    for (const server of servers) {
      await sleep(100)
      await server.kill()
      await sleep(100)
      await server.start()
    }
    publisher.stop()
    await publishing
    for (const read of await reads) expectWhole(read, publisher.published)
  })

  it('are not ready, and answer UNAVAILABLE, while they cannot reach it', { timeout: PATIENCE_MS }, async () => {
    const { servers } = await startFleet()
    const [cut, other] = servers as [FleetServer, FleetServer]
    await expect.poll(() => cut.isReady(), { timeout: 10_000 }).toBe(true)
    cut.proxy.cut()
    await expect.poll(() => cut.isReady(), { timeout: 10_000 }).toBe(false)
    const error = await cut.client.publish({ topic: 'news', data: 'x' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.not.stringMatching(/127\.0\.0\.1|redis|nats/i),
    })
    expect(await other.isReady()).toBe(true)
    cut.proxy.mend()
    await expect.poll(() => cut.isReady(), { timeout: 10_000 }).toBe(true)
    await cut.client.publish({ topic: 'news', data: 'x' })
  })

  it('lose nothing silently in 12 cuts and two restarts of the broker', { timeout: PATIENCE_MS }, async () => {
    const { broker, servers } = await startFleet()
    const random = new SeededRandom(16)
    const publisher = new Publisher()
    const reads = Promise.all(servers.map((server) => readPersistently(server, 'news', 'end')))
    const publishing = publisher.run(servers)
    for (let cut = 1; cut <= 12; cut++) {
      const { proxy } = random.pick(servers)
      await sleep(20 + random.below(80))
      proxy.cut()
      await sleep(random.below(100))
      proxy.mend()
      if (cut % 5 !== 0) continue
      await broker.stop(cut === 5 ? 'SIGKILL' : 'SIGTERM')
      await broker.start()
    }
    await sleep(100)
    publisher.stop()
    await publishing
    for (const read of await reads) expectWhole(read, publisher.published)
    expect([...publisher.failures]).toEqual([Code.Unavailable])
  })
})
