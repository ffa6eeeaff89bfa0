/** Watches the instances of one service in etcd. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { EtcdClient } from './etcd-client.ts'
import type { EtcdInstances } from './etcd-instances.ts'
import { type KeyRange, serviceRange } from './etcd-layout.ts'

/** Entries per response: with the longest values, half of the largest response. */
const PAGE = 250

/** What to watch. */
export interface EtcdWatchOptions {
  readonly service: string
  /** Creates an empty list. */
  readonly createInstances: () => EtcdInstances
  /** Called with all instances, at first and after each change. */
  readonly onEndpoints: (endpoints: readonly Endpoint[]) => void
}

/**
 * Lists the instances, and follows their changes from the revision of the list, so that none is missed. When etcd no longer knows that
 * revision, as it was compacted, it lists them again. Rejects when the watch is lost.
 */
export async function watchInstances(
  client: EtcdClient,
  options: EtcdWatchOptions,
  signal: AbortSignal,
): Promise<never> {
  const range = serviceRange(options.service)
  for (;;) {
    signal.throwIfAborted()
    const instances = options.createInstances()
    const revision = await list(client, { range, instances }, signal)
    options.onEndpoints(instances.endpoints())
    await follow(client, { range, instances, revision, onEndpoints: options.onEndpoints }, signal)
  }
}

interface Listing {
  readonly range: KeyRange
  readonly instances: EtcdInstances
}

/** Reads all pages as of the revision of the first, and returns that. */
async function list(client: EtcdClient, { range, instances }: Listing, signal: AbortSignal): Promise<bigint> {
  const { rangeEnd } = range
  let { key } = range
  let revision = 0n
  for (;;) {
    const page = await client.range({ key, rangeEnd, revision, limit: BigInt(PAGE) }, signal)
    if (revision === 0n) revision = page.header?.revision ?? 0n
    for (const entry of page.kvs) instances.add(entry)
    const last = page.kvs.at(-1)
    if (!page.more || last === undefined) return revision
    key = keyAfter(last.key)
  }
}

interface Following extends Listing {
  /** The revision that the instances are of. */
  readonly revision: bigint
  readonly onEndpoints: (endpoints: readonly Endpoint[]) => void
}

/** Resolves when the instances must be listed again. */
async function follow(
  client: EtcdClient,
  { range, instances, revision, onEndpoints }: Following,
  signal: AbortSignal,
): Promise<void> {
  const create = { ...range, startRevision: revision + 1n, progressNotify: true, fragment: true }
  for await (const response of client.watch(create, signal)) {
    if (response.compactRevision > 0n) return
    if (response.canceled) {
      throw new ConnectError(`etcd ended the watch: ${response.cancelReason || 'without a reason'}`, Code.Unavailable)
    }
    for (const event of response.events) instances.apply(event)
    // The rest of a revision follows at once.
    if (response.events.length > 0 && !response.fragment) onEndpoints(instances.endpoints())
  }
  throw new ConnectError('etcd ended the watch', Code.Unavailable)
}

/** The first key after a key is the key and a zero byte. */
function keyAfter(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
