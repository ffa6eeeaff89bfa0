/** Reads the entities of channelz, a bounded number at a time. */
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import type { Channel, Channelz, Server, Socket, SocketRef, Subchannel } from '../../../../gen/channelz_pb.js'
import type { ChannelzPlace } from './channelz-place.ts'

/** What is shown at a place. */
export type ChannelzPage =
  | { readonly kind: 'overview'; readonly servers: readonly Server[]; readonly channels: readonly Channel[] }
  | {
      readonly kind: 'server'
      readonly server: Server
      readonly sockets: readonly Socket[]
      readonly nextId: bigint | null
    }
  | ({ readonly kind: 'channel'; readonly channel: Channel } & Children)
  | ({ readonly kind: 'subchannel'; readonly subchannel: Subchannel } & Children)
  | { readonly kind: 'socket'; readonly socket: Socket }

/** What a channel or subchannel has below it. */
export interface Children {
  readonly channels: readonly Channel[]
  readonly subchannels: readonly Subchannel[]
  readonly sockets: readonly Socket[]
}

const TIMEOUT_MS = 10_000
const MAX_PAGES = 5
const MAX_SOCKETS = 25
const MAX_CHILDREN = 50
/** A browser has six connections of HTTP/1.1. */
const MAX_CALLS = 4

/**
 * Reads what is at a place.
 *
 * @throws ConnectError NOT_FOUND if the entity is gone
 */
export async function readChannelz(
  client: Client<typeof Channelz>,
  place: ChannelzPlace,
  signal: AbortSignal,
): Promise<ChannelzPage> {
  const reader = new ChannelzReader(client, signal)
  switch (place.kind) {
    case 'overview':
      return { kind: 'overview', servers: await reader.servers(), channels: await reader.topChannels() }
    case 'server':
      return {
        kind: 'server',
        server: await reader.server(place.id),
        ...(await reader.serverSockets(place.id, place.startId)),
      }
    case 'channel': {
      const channel = await reader.channel(place.id)
      return { kind: 'channel', channel, ...(await reader.children(channel)) }
    }
    case 'subchannel': {
      const subchannel = await reader.subchannel(place.id)
      return { kind: 'subchannel', subchannel, ...(await reader.children(subchannel)) }
    }
    case 'socket':
      return { kind: 'socket', socket: await reader.socket(place.id) }
  }
}

/** The calls, with one signal and deadline. */
class ChannelzReader {
  readonly #client: Client<typeof Channelz>
  readonly #options: { readonly signal: AbortSignal; readonly timeoutMs: number }

  constructor(client: Client<typeof Channelz>, signal: AbortSignal) {
    this.#client = client
    this.#options = { signal, timeoutMs: TIMEOUT_MS }
  }

  servers(): Promise<Server[]> {
    return readPages(async (startServerId) => {
      const { server, end } = await this.#client.getServers({ startServerId }, this.#options)
      return { items: server, lastId: server.at(-1)?.ref?.serverId, end }
    })
  }

  topChannels(): Promise<Channel[]> {
    return readPages(async (startChannelId) => {
      const { channel, end } = await this.#client.getTopChannels({ startChannelId }, this.#options)
      return { items: channel, lastId: channel.at(-1)?.ref?.channelId, end }
    })
  }

  async server(serverId: bigint): Promise<Server> {
    return found((await this.#client.getServer({ serverId }, this.#options)).server)
  }

  async channel(channelId: bigint): Promise<Channel> {
    return found((await this.#client.getChannel({ channelId }, this.#options)).channel)
  }

  async subchannel(subchannelId: bigint): Promise<Subchannel> {
    return found((await this.#client.getSubchannel({ subchannelId }, this.#options)).subchannel)
  }

  async socket(socketId: bigint): Promise<Socket> {
    return found((await this.#client.getSocket({ socketId }, this.#options)).socket)
  }

  /** Reads a page of the sockets of a server. */
  async serverSockets(serverId: bigint, startSocketId: bigint): Promise<{ sockets: Socket[]; nextId: bigint | null }> {
    const request = { serverId, startSocketId, maxResults: BigInt(MAX_SOCKETS) }
    const { socketRef, end } = await this.#client.getServerSockets(request, this.#options)
    const lastId = socketRef.at(-1)?.socketId
    return { sockets: await this.#sockets(socketRef), nextId: end || lastId === undefined ? null : lastId + 1n }
  }

  async children({ channelRef, subchannelRef, socketRef }: Channel | Subchannel): Promise<Children> {
    return {
      channels: await readEach(channelRef.slice(0, MAX_CHILDREN), ({ channelId }) => this.channel(channelId)),
      subchannels: await readEach(subchannelRef.slice(0, MAX_CHILDREN), ({ subchannelId }) =>
        this.subchannel(subchannelId),
      ),
      sockets: await this.#sockets(socketRef),
    }
  }

  #sockets(refs: readonly SocketRef[]): Promise<Socket[]> {
    return readEach(refs.slice(0, MAX_SOCKETS), ({ socketId }) => this.socket(socketId))
  }
}

interface ReadPage<T> {
  readonly items: readonly T[]
  readonly lastId: bigint | undefined
  readonly end: boolean
}

async function readPages<T>(read: (startId: bigint) => Promise<ReadPage<T>>): Promise<T[]> {
  const all: T[] = []
  let startId = 0n
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { items, lastId, end } = await read(startId)
    all.push(...items)
    if (end || lastId === undefined) break
    startId = lastId + 1n
  }
  return all
}

/** Reads a few at a time, in order, and leaves out what is gone by now. */
async function readEach<Ref, T>(refs: readonly Ref[], read: (ref: Ref) => Promise<T>): Promise<T[]> {
  const results: (T | null)[] = new Array(refs.length).fill(null)
  let next = 0
  let failure: unknown
  const readOn = async () => {
    for (let place = next++; place < refs.length && failure === undefined; place = next++) {
      results[place] = await read(refs[place] as Ref).catch((error) => {
        if (!isGone(error)) failure = error
        return null
      })
    }
  }
  await Promise.all(Array.from({ length: MAX_CALLS }, readOn))
  if (failure !== undefined) throw failure
  return results.filter((result) => result !== null)
}

function isGone(error: unknown): boolean {
  return ConnectError.from(error).code === Code.NotFound
}

function found<T>(entity: T | undefined): T {
  if (entity === undefined) throw new ConnectError('the server answered without it', Code.NotFound)
  return entity
}
