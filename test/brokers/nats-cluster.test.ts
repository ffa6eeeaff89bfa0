/** Topics in a cluster of NATS, of which one server dies. */
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { createBrokerTopicHub } from '../../server/demo/topics/broker/broker-topic-hub.ts'
import { brokerLimitsOf } from '../../server/demo/topics/broker/broker-topic-hub-options.ts'
import { createNatsTopicBroker } from '../../server/demo/topics/nats/nats-topic-broker.ts'
import type { TopicHub, TopicMessage } from '../../server/demo/topics/topic-hub.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { publishWhenBack, takeUntil } from '../support/contracts/topic-hub-bench.ts'
import { freePort } from '../support/ports.ts'

const STREAM = 'cluster'
/** Servers of NATS take a few seconds to choose another leader. */
const PATIENCE_MS = 60_000

test('nothing is lost when the server that leads the stream dies', { timeout: PATIENCE_MS }, async () => {
  const servers = await startCluster()
  const [publisher, other, reader] = [await openHub(servers), await openHub(servers), await openHub(servers)]
  const subscription = reader.subscribe()
  await subscription.join('news')
  const confirmed: TopicMessage[] = []
  const publish = async (hub: TopicHub, texts: readonly string[]) => {
    for (const text of texts) confirmed.push(await publishWhenBack(hub, 'news', text))
  }
  await Promise.all([publish(publisher, ['a1', 'a2', 'a3']), publish(other, ['b1', 'b2', 'b3'])])

  await servers.get(await leaderOf(servers))?.stop('SIGKILL')
  await Promise.all([publish(publisher, ['a4', 'a5', 'a6']), publish(other, ['b4', 'b5', 'b6'])])
  await publishWhenBack(publisher, 'news', 'end')
  const read = await takeUntil(subscription, 'end')
  expect(read.map(({ message }) => message.sequence)).toEqual(read.map((_, index) => BigInt(index + 1)))
  expect(read.map(({ message }) => message)).toEqual(expect.arrayContaining(confirmed))
})

/** Starts three servers, by their names. They are disposed of when the running test ends. */
async function startCluster(): Promise<Map<string, BrokerProcess>> {
  const routes = await Promise.all(['n0', 'n1', 'n2'].map(async (name) => ({ name, port: await freePort() })))
  const servers = routes.map(async ({ name, port }) => {
    const others = routes.filter((each) => each.name !== name).map((each) => `nats://127.0.0.1:${each.port}`)
    const cluster = ['--cluster_name', 'test', '--cluster', `nats://127.0.0.1:${port}`, '--routes', others.join()]
    return [name, await startNatsServer({ args: ['--name', name, ...cluster] })] as const
  })
  const started = new Map(await Promise.all(servers))
  onTestFinished(async () => {
    for (const server of started.values()) await server[Symbol.asyncDispose]()
  })
  return started
}

function urlOf(servers: ReadonlyMap<string, BrokerProcess>): string {
  return [...servers.values()].map(({ port }) => `nats://127.0.0.1:${port}`).join()
}

async function openHub(servers: ReadonlyMap<string, BrokerProcess>): Promise<TopicHub> {
  const url = urlOf(servers)
  const broker = createNatsTopicBroker({ url, limits: brokerLimitsOf(), stream: STREAM, replicas: 3, timeoutMs: 1_000 })
  const hub = createBrokerTopicHub(broker)
  onTestFinished(() => hub.close())
  await hub.started
  return hub
}

async function leaderOf(servers: ReadonlyMap<string, BrokerProcess>): Promise<string> {
  const connection = await connect({ servers: urlOf(servers).split(',') })
  try {
    const { cluster } = await (await jetstreamManager(connection)).streams.info(STREAM)
    return cluster?.leader ?? ''
  } finally {
    await connection.close()
  }
}
