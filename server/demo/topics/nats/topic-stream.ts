/** The stream that keeps the topics: its subjects, its settings, and whether an existing one has them. */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { NatsRefusal } from '../../../../wire/nats/connect-nats.ts'
import type { TopicBrokerLimits } from '../broker/topic-broker.ts'

/** Names the subjects of topics. */
export class TopicSubjects {
  /** The stream, whose name all subjects begin with. */
  readonly stream: string

  constructor(stream: string) {
    this.stream = stream
  }

  /** The subject that the messages of a topic are published on, and kept under. */
  kept(topic: string): string {
    return `${this.stream}.kept.${topicToken(topic)}`
  }

  /**
   * The subject that the messages of a topic come from. The stream publishes there what it has accepted: on the subject itself, NATS
   * would show subscribers also what the stream refuses.
   */
  live(topic: string): string {
    return `${this.stream}.live.${topicToken(topic)}`
  }

  /** The topic of a subject, of either kind. */
  topicOf(subject: string): string {
    return subject.slice(subject.lastIndexOf('.') + 1).replaceAll('=', '.')
  }
}

/**
 * Makes one token of a subject, or of a key, of the name of a topic. Of the characters of topics only dots mean something in subjects,
 * where they may not lead or follow each other; `=` is in no topic.
 */
export function topicToken(topic: string): string {
  return topic.replaceAll('.', '=')
}

/** How the stream is made. */
export interface TopicStreamSettings {
  readonly stream: string
  readonly replicas: number
  readonly limits: TopicBrokerLimits
}

/** These may change: the stream is resized. Any other difference would change what its messages mean, or lose them. */
const SIZES = ['max_msgs_per_subject', 'max_bytes'] as const

/**
 * Creates the stream, or checks the one that exists, and resizes it.
 *
 * @throws NatsRefusal for a stream of that name with other settings
 */
export async function ensureTopicStream(jsm: JetStreamManager, settings: TopicStreamSettings): Promise<void> {
  const wanted = configOf(settings)
  const found = await findOrAdd(jsm, { ...wanted, num_replicas: settings.replicas })
  const differences = Object.entries(wanted)
    .filter(([name]) => !isSize(name))
    .map(([name, want]) => ({
      name,
      want: JSON.stringify(want),
      has: JSON.stringify(found[name as keyof StreamConfig]),
    }))
    .filter(({ want, has }) => want !== has)
    .map(({ name, want, has }) => `${name} must be ${want}, is ${has}`)
  if (differences.length > 0) {
    throw new NatsRefusal(
      `nats: the stream ${settings.stream} cannot keep topics: ${differences.join('; ')}. Delete it, or choose another name`,
    )
  }
  if (SIZES.every((name) => wanted[name] === found[name])) return
  await jsm.streams.update(settings.stream, {
    max_msgs_per_subject: wanted.max_msgs_per_subject,
    max_bytes: wanted.max_bytes,
  })
}

async function findOrAdd(
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<StreamConfig> {
  try {
    return (await jsm.streams.info(config.name)).config
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound)) throw cause
  }
  // Another process that creates the same at the same time does no harm.
  return (await jsm.streams.add(config)).config
}

function configOf({ stream, limits }: TopicStreamSettings) {
  return {
    name: stream,
    subjects: [`${stream}.kept.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_msgs_per_subject: limits.maxTopicMessages,
    max_bytes: limits.maxTotalBytes,
    max_age: 0,
    max_msgs: -1,
    allow_direct: true,
    deny_purge: false,
    republish: { src: `${stream}.kept.*`, dest: `${stream}.live.{{wildcard(1)}}` },
  } satisfies Partial<StreamConfig>
}

function isSize(name: string): boolean {
  return SIZES.some((size) => size === name)
}
