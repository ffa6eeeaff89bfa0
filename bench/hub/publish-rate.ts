/** How many messages a hub takes, through a server and our client, and how many its broker takes alone. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Redis } from 'ioredis'
import { createClient } from '../../client/core/create-client.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { RedisScript } from '../../server/demo/topics/redis/redis-script.ts'
import { APPEND } from '../../server/demo/topics/redis/topic-scripts.ts'
import { HUB_ENGINES, type HubEngine, startHubServers } from './engines.ts'
import { stampedMessage, TOPIC } from './messages.ts'

/** Messages per second. */
export interface PublishFigures {
  readonly title: string
  /** By the number of messages in flight. */
  readonly hub: Readonly<Record<InFlight, number>>
  /** The same messages to the broker alone; undefined without a broker. */
  readonly alone: Readonly<Record<InFlight, number>> | undefined
}

/** How many messages are on their way at a time. */
export type InFlight = 1 | 32

type Publish = () => Promise<unknown>

const WARM_UP_MS = 1_000
const RATE_MS = 2_000
/** The limits of the hub: messages of a topic, bytes of a topic, bytes of all, topics. */
const LIMITS = [1_024, 1_048_576, 67_108_864, 10_000]

/** Measures one engine. */
export async function measurePublishing(engine: HubEngine): Promise<PublishFigures> {
  const hub = await measure((cleanup) => throughServer(engine, cleanup))
  const alone = engine === HUB_ENGINES[0] ? undefined : await measure((cleanup) => aloneOf(engine, cleanup))
  return { title: engine.title, hub, alone }
}

async function measure(
  open: (cleanup: AsyncDisposableStack) => Promise<Publish>,
): Promise<Readonly<Record<InFlight, number>>> {
  await using cleanup = new AsyncDisposableStack()
  const publish = await open(cleanup)
  await rateOf(publish, 32, WARM_UP_MS)
  return { 1: await rateOf(publish, 1, RATE_MS), 32: await rateOf(publish, 32, RATE_MS) }
}

async function throughServer(engine: HubEngine, cleanup: AsyncDisposableStack): Promise<Publish> {
  const [address = ''] = await startHubServers({ ...engine, servers: 1 }, cleanup)
  const transport = createTransport({ target: address })
  cleanup.defer(() => transport.close())
  const client = createClient(GreeterService, transport)
  return () => client.publish({ topic: TOPIC, data: stampedMessage() })
}

async function aloneOf(engine: HubEngine, cleanup: AsyncDisposableStack): Promise<Publish> {
  const url = await engine.start(cleanup)
  return url.startsWith('redis:') ? redisAlone(url, cleanup) : jetStreamAlone(url, cleanup)
}

/** The script of the hub. */
async function redisAlone(url: string, cleanup: AsyncDisposableStack): Promise<Publish> {
  const redis = new Redis(url)
  cleanup.defer(() => redis.disconnect())
  const script = new RedisScript(APPEND)
  await script.load(redis)
  return () => script.run(redis, '{bench}:hub', ['{bench}:', TOPIC, stampedMessage(), 'epoch', ...LIMITS])
}

/** A message that the stream has confirmed. */
async function jetStreamAlone(url: string, cleanup: AsyncDisposableStack): Promise<Publish> {
  const connection = await connect({ servers: url })
  cleanup.defer(() => connection.close())
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: TOPIC, subjects: [TOPIC], max_msgs_per_subject: LIMITS[0] ?? 0 })
  const stream = jetstream(connection)
  return () => stream.publish(TOPIC, stampedMessage())
}

/** The rate at which so many loops get their messages accepted. */
async function rateOf(publish: Publish, inFlight: number, ms: number): Promise<number> {
  const begin = performance.now()
  let accepted = 0
  const loop = async () => {
    while (performance.now() - begin < ms) {
      await publish()
      accepted += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return (accepted * 1_000) / (performance.now() - begin)
}
