/** Opens the topic hub that `--hub` names. Only the engine that it names is loaded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseNatsAddress } from '../wire/nats/nats-address.ts'
import { NATS_PACKAGES } from '../wire/nats/nats-packages.ts'
import { type BrokerTopicHub, createBrokerTopicHub } from './demo/topics/broker/broker-topic-hub.ts'
import { type BrokerTopicHubOptions, brokerLimitsOf } from './demo/topics/broker/broker-topic-hub-options.ts'
import type { TopicBroker, TopicBrokerLimits } from './demo/topics/broker/topic-broker.ts'
import { createMemoryTopicHub } from './demo/topics/memory-topic-hub.ts'
import { parseRedisAddress } from './demo/topics/redis/redis-address.ts'
import { brokerUnavailableError, TopicError } from './demo/topics/topic-error.ts'
import type { TopicHub } from './demo/topics/topic-hub.ts'
import { servePrimaryTopics } from './demo/topics/workers/primary-topics.ts'
import { createWorkerTopicBroker } from './demo/topics/workers/worker-topic-broker.ts'
import { StartFailure } from './start-failure.ts'
import type { PrimaryLink, WorkerLink } from './workers/contracts/worker-link.ts'

const START_PATIENCE_MS = 3_000

interface TopicEngine {
  /** Throws or returns undefined if the URL is not valid. */
  readonly check: (url: string) => unknown
  readonly open: (url: string, limits: TopicBrokerLimits) => Promise<TopicBroker>
  /** The packages that must be installed. */
  readonly needs: string
}

/** Nothing after the address: a path would look like the name of a stream, and have no effect. */
const BARE_URL = /^(?:[^/?#]*\/\/)?[^/?#]*\/?$/

const NATS: TopicEngine = {
  check: (url) => (url.split(',').every((each) => BARE_URL.test(each)) ? parseNatsAddress(url) : undefined),
  open: async (url, limits) => {
    const { createNatsTopicBroker } = await import('./demo/topics/nats/nats-topic-broker.ts')
    return createNatsTopicBroker({ url, limits })
  },
  needs: NATS_PACKAGES,
}

const REDIS: TopicEngine = {
  check: parseRedisAddress,
  open: async (url, limits) => {
    const { createRedisTopicBroker } = await import('./demo/topics/redis/redis-topic-broker.ts')
    return createRedisTopicBroker({ url, limits })
  },
  needs: 'ioredis',
}

const ENGINES: ReadonlyMap<string, TopicEngine> = new Map([
  ['nats', NATS],
  ['tls', NATS],
  ['redis', REDIS],
  ['rediss', REDIS],
])

/** What `--hub` may be. */
export const topicHubChoice = {
  expects: 'memory, nats://HOST[:PORT], tls://HOST[:PORT], redis://HOST[:PORT][/DATABASE] or rediss://...',
  test(choice: string): boolean {
    if (choice === 'memory') return true
    try {
      return engineOf(choice)?.check(choice) !== undefined
    } catch {
      return false
    }
  },
} as const

/** What opens a hub. */
export interface OpenTopicHubOptions extends BrokerTopicHubOptions {
  /** The primary of this process, which keeps the topics of `memory`: see `serveTopicHub`. Default: they are in this process. */
  readonly worker?: WorkerLink | undefined
  /** Receives the refusals of a broker after the start. Default: none. */
  readonly log?: RefusalLog
  /** The longest wait for the broker at the start, in milliseconds. After it the server starts, and is not ready. Default 3,000. */
  readonly patienceMs?: number
}

/** The part of a pino logger that is needed. */
export interface RefusalLog {
  error(fields: object, message: string): void
}

/** Keeps the topics of all workers in their primary, if `--hub` is `memory`. With a broker each worker connects to the broker. */
export function serveTopicHub(choice: string, link: PrimaryLink): void {
  if (choice === 'memory') servePrimaryTopics(link)
}

/**
 * Opens a hub: `memory`, or over the broker at a URL. Waits some seconds for the broker; one that is away does not keep the server from
 * starting.
 *
 * @throws RangeError for another choice, and StartFailure if the broker refuses, or its client is not installed
 */
export async function openTopicHub(choice: string, opening: OpenTopicHubOptions = {}): Promise<TopicHub> {
  const { worker, log, patienceMs = START_PATIENCE_MS, ...options } = opening
  if (choice === 'memory') {
    return worker === undefined
      ? createMemoryTopicHub(options)
      : createBrokerTopicHub(createWorkerTopicBroker(worker), options)
  }
  const engine = topicHubChoice.test(choice) ? engineOf(choice) : undefined
  if (engine === undefined) throw new RangeError(`hub must be ${topicHubChoice.expects}`)
  const broker = await load(engine, choice, brokerLimitsOf(options))
  const hub = createBrokerTopicHub(broker, options)
  await started(hub, patienceMs)
  hub.started.catch((error: unknown) => {
    if (!(error instanceof TopicError)) log?.error({ err: error }, 'the broker of the topics refuses this server')
  })
  return hub
}

/** Whether a hub depends on a broker, which may be away. */
export function isBrokerTopicHub(hub: TopicHub): hub is BrokerTopicHub {
  return 'isAvailable' in hub
}

/** The health check of a hub. Throws while its broker is away. */
export function assertAvailable(hub: BrokerTopicHub): void {
  if (!hub.isAvailable) throw brokerUnavailableError()
}

function engineOf(url: string): TopicEngine | undefined {
  return ENGINES.get(url.slice(0, url.indexOf('://')))
}

async function load(engine: TopicEngine, url: string, limits: TopicBrokerLimits): Promise<TopicBroker> {
  try {
    return await engine.open(url, limits)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new StartFailure(`--hub: the client of the broker is missing: npm install ${engine.needs}`, { cause: error })
  }
}

async function started(hub: BrokerTopicHub, patienceMs: number): Promise<void> {
  const waiting = new AbortController()
  const patience = sleep(patienceMs, undefined, { signal: waiting.signal }).catch(() => {})
  try {
    await Promise.race([hub.started, patience])
  } catch (error) {
    await hub.close().catch(() => {})
    // The errors of engines contain no secrets.
    throw new StartFailure(error instanceof Error ? error.message : '--hub: the broker refuses', { cause: error })
  } finally {
    waiting.abort()
  }
}
