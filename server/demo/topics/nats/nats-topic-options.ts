/** The options of the topic broker over NATS JetStream. */
import type { TopicBrokerLimits } from '../broker/topic-broker.ts'
import { completeSettings } from '../hub-settings.ts'
import { randomEpoch } from '../topic-log.ts'
import type { NatsLinkOptions } from './nats-link.ts'

/** How to keep topics in NATS JetStream. */
export interface NatsTopicBrokerOptions extends Partial<Pick<NatsLinkOptions, 'authenticator' | 'tls' | 'random'>> {
  /** `nats://HOST:PORT`, `nats://USER:PASSWORD@HOST`, `nats://TOKEN@HOST`, `tls://HOST`, or several separated by commas. */
  readonly url: string
  /** How much is kept. The same for all processes: the one that starts last resizes the stream. */
  readonly limits: TopicBrokerLimits
  /**
   * The name of the stream, and the first part of all subjects: servers of one name share their topics. Default `portico-topics`;
   * 1 to 64 characters of `A-Z a-z 0-9 _ -`.
   */
  readonly stream?: string
  /** How many servers of a cluster of NATS keep a copy. Used when the stream is created. Default 1, from 1 to 5. */
  readonly replicas?: number
  /** After how much silence NATS counts as unavailable, in milliseconds. Default 3,000, from 100 to 60,000. */
  readonly timeoutMs?: number
  /** The clock that messages are dated with, in milliseconds since the Unix epoch. Default Date.now. */
  readonly now?: () => number
  /** Makes the epoch of a new topic, which must differ from all others. Default: 96 random bits in base64url. */
  readonly createEpoch?: () => string
}

/** The options, complete. */
export type CompleteNatsTopicOptions = Required<Omit<NatsTopicBrokerOptions, 'authenticator' | 'tls'>> &
  Pick<NatsTopicBrokerOptions, 'authenticator' | 'tls'>

const STREAM_NAME = /^[A-Za-z0-9_-]{1,64}$/
const SETTINGS = {
  replicas: { value: 1, min: 1, max: 5 },
  timeoutMs: { value: 3_000, min: 100, max: 60_000 },
} as const

/** Completes and checks the options. Throws a RangeError that names every option that is wrong. */
export function normalizeNatsTopicOptions(options: NatsTopicBrokerOptions): CompleteNatsTopicOptions {
  const { values, faults: outOfRange } = completeSettings(SETTINGS, options)
  const { stream = 'portico-topics', random = Math.random, now = Date.now, createEpoch = randomEpoch } = options
  const isStream = STREAM_NAME.test(stream)
  const faults = [...(isStream ? [] : ['stream must be 1 to 64 characters of A-Z a-z 0-9 _ -']), ...outOfRange]
  if (faults.length > 0) throw new RangeError(`topics in NATS: ${faults.join('; ')}`)
  return Object.freeze({ ...options, ...values, stream, random, now, createEpoch })
}
