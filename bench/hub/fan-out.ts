/** How fast what one publishes reaches a thousand subscribers, half of them on each of two processes. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@nats-io/transport-node'
import { createClient } from '../../client/core/create-client.ts'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { startNatsServer } from '../../test/support/brokers/nats-server.ts'
import { endWithProcess } from '../../test/support/processes.ts'
import { HUB_ENGINES, type HubEngine, startHubServers } from './engines.ts'
import { type Expect, type Received, stampedMessage, TOPIC } from './messages.ts'

/** What was measured. */
export interface FanOutFigures {
  readonly title: string
  readonly deliveriesPerSecond: number
  /** Of deliveries, while one message is published at a time: half of them took less than `p50Ms`. */
  readonly p50Ms: number
  readonly p99Ms: number
}

interface SubscriberProcess {
  readonly child: ChildProcess
  /** Rejects when the process ends. */
  readonly ended: Promise<never>
}

/** A hub, or NATS itself. */
interface Ground {
  readonly kind: 'hub' | 'nats-core'
  /** Where the two processes of subscribers connect to. */
  readonly addresses: readonly [string, string]
  publish(data: string): Promise<unknown>
}

const SUBSCRIBERS_PER_PROCESS = 500
/** Messages that are published at once. The next ones follow when all subscribers have these. */
const BURST = 16
const WARM_UP_MS = 1_000
const RATE_MS = 2_500
const TIMED_MESSAGES = 40
const PAUSE_MS = 50
const SUBSCRIBERS = path.join(import.meta.dirname, 'subscribers.ts')

/** Measures an engine by its title, or NATS itself by `NATS core`. */
export async function measureFanOut(title: string): Promise<FanOutFigures> {
  await using cleanup = new AsyncDisposableStack()
  const engine = HUB_ENGINES.find((each) => each.title === title)
  const ground = engine === undefined ? await natsGround(cleanup) : await hubGround(engine, cleanup)
  const processes = await Promise.all(
    ground.addresses.map((address) => startSubscribers(ground.kind, address, cleanup)),
  )

  await burstsFor(WARM_UP_MS, ground, processes)
  const begin = performance.now()
  const messages = await burstsFor(RATE_MS, ground, processes)
  const seconds = (performance.now() - begin) / 1_000

  const delays: number[] = []
  for (let sent = 0; sent < TIMED_MESSAGES; sent += 1) {
    const received = await deliver(1, true, { ground, processes })
    for (const { delaysUs } of received) delays.push(...delaysUs)
    await sleep(PAUSE_MS)
  }
  delays.sort((a, b) => a - b)
  const percentile = (share: number) => (delays[Math.floor(delays.length * share)] ?? 0) / 1_000
  const deliveriesPerSecond = (messages * SUBSCRIBERS_PER_PROCESS * processes.length) / seconds
  return { title, deliveriesPerSecond, p50Ms: percentile(0.5), p99Ms: percentile(0.99) }
}

async function hubGround(engine: HubEngine, cleanup: AsyncDisposableStack): Promise<Ground> {
  const servers = await startHubServers(engine, cleanup)
  const [first = '', second = first] = servers
  const transport = createTransport({ target: first })
  cleanup.defer(() => transport.close())
  const client = createClient(GreeterService, transport)
  return { kind: 'hub', addresses: [first, second], publish: (data) => client.publish({ topic: TOPIC, data }) }
}

async function natsGround(cleanup: AsyncDisposableStack): Promise<Ground> {
  const address = `127.0.0.1:${cleanup.use(await startNatsServer()).port}`
  const connection = await connect({ servers: address })
  cleanup.defer(() => connection.close())
  const publish = async (data: string) => connection.publish(TOPIC, data)
  return { kind: 'nats-core', addresses: [address, address], publish }
}

async function startSubscribers(
  kind: string,
  address: string,
  cleanup: AsyncDisposableStack,
): Promise<SubscriberProcess> {
  const child = endWithProcess(fork(SUBSCRIBERS, [kind, address, String(SUBSCRIBERS_PER_PROCESS)]))
  cleanup.defer(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the subscribers have ended')))
  ended.catch(() => {})
  await receivedBy({ child, ended })
  return { child, ended }
}

async function burstsFor(ms: number, ground: Ground, processes: readonly SubscriberProcess[]): Promise<number> {
  const end = performance.now() + ms
  let messages = 0
  while (performance.now() < end) {
    await deliver(BURST, false, { ground, processes })
    messages += BURST
  }
  return messages
}

/** Publishes messages, and resolves when all subscribers have them. */
async function deliver(
  messages: number,
  isTimed: boolean,
  { ground, processes }: { readonly ground: Ground; readonly processes: readonly SubscriberProcess[] },
): Promise<readonly Received[]> {
  const received = processes.map((each) => receivedBy(each))
  const expect: Expect = { messages, isTimed }
  await Promise.all(processes.map(({ child }) => new Promise((resolve) => child.send(expect, resolve))))
  await Promise.all(Array.from({ length: messages }, () => ground.publish(stampedMessage())))
  return Promise.all(received)
}

async function receivedBy({ child, ended }: SubscriberProcess): Promise<Received> {
  const [received] = await Promise.race([once(child, 'message'), ended])
  return received as Received
}
