/** What of channelz the page shows: everything, or one of its entities. */

/** The kinds of entities that have a page. */
export type EntityKind = 'server' | 'channel' | 'subchannel' | 'socket'

/** The overview, or an entity. */
export type ChannelzPlace =
  | { readonly kind: 'overview' }
  | { readonly kind: EntityKind; readonly id: bigint; readonly startId: bigint }

const PLACE = /^(server|channel|subchannel|socket)\/(\d{1,18})$/

/**
 * Reads the name of a route, such as `socket/12`. Anything unknown is the overview.
 *
 * @param query may have `start`, the first id of the list
 */
export function placeOf(name: string, query: URLSearchParams): ChannelzPlace {
  const [, kind, id] = PLACE.exec(name) ?? []
  if (kind === undefined || id === undefined) return { kind: 'overview' }
  const start = query.get('start') ?? ''
  return { kind: kind as EntityKind, id: BigInt(id), startId: /^\d{1,18}$/.test(start) ? BigInt(start) : 0n }
}
