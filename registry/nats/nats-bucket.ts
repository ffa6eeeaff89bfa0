/** A connection to the bucket that has the instances. */
import type { JetStreamManager } from '@nats-io/jetstream'
import type { KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { connectNats } from '../../wire/nats/connect-nats.ts'
import { loadNatsPackages } from '../../wire/nats/nats-packages.ts'
import type { NatsTlsOptions, ResolvedNatsOptions } from './nats-options.ts'

/** A bucket, and the connection that it is used by. */
export interface NatsBucket {
  readonly connection: NatsConnection
  readonly entries: KV
  readonly manager: JetStreamManager
  /** The stream that the bucket is. */
  readonly stream: string
  /** Returns the subject of a key in the stream. */
  subject(key: string): string
}

/** How to create a bucket that is not there. */
export interface NewBucket {
  readonly ttlMs: number
  readonly replicas: number
}

/**
 * Connects, and opens the bucket. The connection is closed when it is lost.
 *
 * @param creation how to create the bucket. Default: it must be there
 */
export async function openNatsBucket(options: ResolvedNatsOptions, creation?: NewBucket): Promise<NatsBucket> {
  const { servers, bucket, timeoutMs, username, password, token, credentials, tls } = options
  const { transport, jetstream, kv } = await loadNatsPackages()
  const connection = await connectNats({
    servers,
    name: bucket,
    timeoutMs,
    user: username,
    pass: password,
    token,
    ...(credentials !== undefined && { authenticator: transport.credsAuthenticator(Buffer.from(credentials)) }),
    ...(tls && { tls: natsTls(tls) }),
  })
  try {
    const stream = jetstream.jetstream(connection, { timeout: timeoutMs })
    const manager = await stream.jetstreamManager(false)
    const entries = await openEntries(new kv.Kvm(stream), options, creation)
    return { connection, entries, manager, stream: `KV_${bucket}`, subject: (key) => `$KV.${bucket}.${key}` }
  } catch (cause) {
    await connection.close()
    throw cause
  }
}

function openEntries(buckets: Kvm, { bucket, timeoutMs }: ResolvedNatsOptions, creation?: NewBucket): Promise<KV> {
  if (creation === undefined) return buckets.open(bucket, { allow_direct: true })
  const { ttlMs, replicas } = creation
  return buckets.create(bucket, { ttl: ttlMs, replicas, timeout: timeoutMs })
}

/** JetStream's code for a stream that does not exist. */
const STREAM_NOT_FOUND = 10_059

/** Whether the bucket does not exist, as no server has registered itself yet. */
export function isMissingBucket(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === STREAM_NOT_FOUND
}

function natsTls({ insecure, ...tls }: NatsTlsOptions) {
  const pem = Object.entries(tls).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(pem.map(([name, value]) => [name, String(value)])),
    ...(insecure === true && { rejectUnauthorized: false }),
  }
}
