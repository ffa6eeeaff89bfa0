/** Reads the pages of `grpc.channelz.v1` from any server. */
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import type { Channel, Channelz, Server, Socket, SocketRef, Subchannel } from '../../../../gen/channelz_pb.js'
import type { TimeLimit } from '../connection/time-limit.ts'

/** A list, which may not be complete. */
export interface Found<T> {
  readonly items: readonly T[]
  /** Whether the server has more. */
  readonly isCut: boolean
}

interface Page<T> {
  readonly items: readonly T[]
  readonly end: boolean
}

/** Reads at most so many of each kind. */
export class ChannelzReader {
  readonly #client: Client<typeof Channelz>
  readonly #limit: TimeLimit
  readonly #most: number

  constructor(client: Client<typeof Channelz>, limit: TimeLimit, most: number) {
    this.#client = client
    this.#limit = limit
    this.#most = most
  }

  servers(): Promise<Found<Server>> {
    return this.#all(
      async (startServerId) => {
        const { server, end } = await this.#client.getServers({ startServerId }, this.#options)
        return { items: server, end }
      },
      ({ ref }) => ref?.serverId,
    )
  }

  channels(): Promise<Found<Channel>> {
    return this.#all(
      async (startChannelId) => {
        const { channel, end } = await this.#client.getTopChannels({ startChannelId }, this.#options)
        return { items: channel, end }
      },
      ({ ref }) => ref?.channelId,
    )
  }

  serverSockets(serverId: bigint): Promise<Found<SocketRef>> {
    return this.#all(
      async (startSocketId) => {
        const { socketRef, end } = await this.#client.getServerSockets({ serverId, startSocketId }, this.#options)
        return { items: socketRef, end }
      },
      ({ socketId }) => socketId,
    )
  }

  /** Undefined for one that has gone meanwhile. */
  subchannel(subchannelId: bigint): Promise<Subchannel | undefined> {
    return unlessGone(async () => (await this.#client.getSubchannel({ subchannelId }, this.#options)).subchannel)
  }

  /** Undefined for one that has gone meanwhile. */
  socket(socketId: bigint): Promise<Socket | undefined> {
    return unlessGone(async () => (await this.#client.getSocket({ socketId }, this.#options)).socket)
  }

  get #options() {
    return this.#limit.callOptions()
  }

  /** A page that does not advance is the last, whatever the server says. */
  async #all<T>(read: (startId: bigint) => Promise<Page<T>>, idOf: (item: T) => bigint | undefined): Promise<Found<T>> {
    const items: T[] = []
    let startId = 0n
    while (items.length < this.#most) {
      const page = await read(startId)
      items.push(...page.items)
      const last = page.items.at(-1)
      const lastId = (last && idOf(last)) ?? -1n
      if (page.end || lastId < startId) {
        return { items: items.slice(0, this.#most), isCut: items.length > this.#most }
      }
      startId = lastId + 1n
    }
    return { items: items.slice(0, this.#most), isCut: true }
  }
}

async function unlessGone<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined
    throw error
  }
}
