/** Opens what a connection to NATS offers for topics. */
import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { NatsRefusal } from '../../../../wire/nats/connect-nats.ts'
import { isUnanswered, refusalOf } from './nats-topic-errors.ts'
import { isAtLeast, type JetStreamAccess, type ServerVersion } from './topic-reader.ts'
import { ensureTopicStream, type TopicStreamSettings, TopicSubjects } from './topic-stream.ts'

/** A stream of topics that can be used. */
export interface TopicStorage extends JetStreamAccess {
  readonly connection: NatsConnection
  /** Who leads which topic. */
  readonly bucket: KV
}

const MIN_VERSION = { major: 2, minor: 10 }
/** No topic can have this name. */
const NO_TOPIC = '!'
/** Leases of processes that ended are forgotten after a day, in milliseconds. */
const LEADS_TTL_MS = 86_400_000

/**
 * Creates or checks the stream and the bucket.
 *
 * @throws NatsRefusal if NATS is too old, has no JetStream, or does not allow it
 */
export async function openTopicStorage(
  connection: NatsConnection,
  settings: TopicStreamSettings & { readonly timeoutMs: number },
): Promise<TopicStorage> {
  const { stream, replicas, timeoutMs } = settings
  const version = versionOf(connection)
  const js = jetstream(connection, { timeout: timeoutMs })
  try {
    const jsm = await js.jetstreamManager()
    await ensureTopicStream(jsm, settings)
    await assertSubscribable(connection, new TopicSubjects(stream).live(NO_TOPIC))
    const bucket = await new Kvm(js).create(`${stream}-leads`, { ttl: LEADS_TTL_MS, replicas, timeout: timeoutMs })
    return { connection, js, jsm, version, bucket }
  } catch (cause) {
    if (isUnanswered(cause) && connection.info?.jetstream !== true)
      throw new NatsRefusal('nats: JetStream is not enabled')
    throw refusalOf(cause)
  }
}

/** Subscribes for a moment, and throws if that is not permitted. */
async function assertSubscribable(connection: NatsConnection, subject: string): Promise<void> {
  let refused: Error | null = null
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      refused = error
    },
  })
  await connection.flush()
  subscription.unsubscribe()
  if (refused !== null) throw refused
}

function versionOf({ info }: NatsConnection): ServerVersion {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)\./.exec(info?.version ?? '') ?? []
  const version = { major: Number(major), minor: Number(minor) }
  if (isAtLeast(version, MIN_VERSION)) return version
  throw new NatsRefusal(`nats: version 2.10 or later is required, the server is ${info?.version}`)
}
