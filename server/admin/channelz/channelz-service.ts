/** `grpc.channelz.v1.Channelz` (gRFC A14): the servers of this process and the channels of its transports. */
import { fromJson, type JsonValue } from '@bufbuild/protobuf'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import {
  ChannelSchema,
  type Channelz,
  type Server,
  ServerSchema,
  SocketSchema,
  SubchannelSchema,
} from '../../../gen/channelz_pb.js'
import { clientChannels } from '../../../wire/channelz/client-channels.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import { type ServerRecord, type ServerSocket, shownServers } from './server-record.ts'

/** The default and largest number of results in a page (gRFC A14). */
const PAGE_SIZE = 100

/** Answers from what is there at the moment of each call. Entities that have ended are NOT_FOUND. */
export const channelzService: ServiceImpl<typeof Channelz> = {
  getTopChannels({ startChannelId, maxResults }) {
    const page = clientChannels()?.getTopChannels(Number(startChannelId), Number(maxResults))
    return {
      channel: (page?.channel ?? []).map((channel) => fromJson(ChannelSchema, jsonOf(channel))),
      end: page?.end ?? true,
    }
  },
  getServers({ startServerId, maxResults }) {
    const { items, end } = pageOf(shownServers(), { start: startServerId, max: maxResults }, idOf)
    return { server: items.map(serverMessage), end }
  },
  getServer({ serverId }) {
    return { server: serverMessage(serverOf(serverId)) }
  },
  getServerSockets({ serverId, startSocketId, maxResults }) {
    const { items, end } = pageOf(serverOf(serverId).connections, { start: startSocketId, max: maxResults }, idOf)
    return { socketRef: items.map(socketRef), end }
  },
  getChannel({ channelId }) {
    const channel = clientChannels()?.getChannel(Number(channelId))
    return { channel: fromJson(ChannelSchema, found(channel, `channel ${channelId}`)) }
  },
  getSubchannel({ subchannelId }) {
    const subchannel = clientChannels()?.getSubchannel(Number(subchannelId))
    return { subchannel: fromJson(SubchannelSchema, found(subchannel, `subchannel ${subchannelId}`)) }
  },
  getSocket({ socketId }) {
    const json = serverSocketOf(socketId)?.toJson() ?? clientChannels()?.getSocket(Number(socketId))
    return { socket: fromJson(SocketSchema, found(json, `socket ${socketId}`)) }
  },
}

function serverOf(id: bigint): ServerRecord {
  const server = shownServers().find((candidate) => BigInt(candidate.id) === id)
  if (server === undefined) throw notFound(`server ${id}`)
  return server
}

function serverSocketOf(id: bigint): ServerSocket | undefined {
  for (const server of shownServers()) {
    const socket = server.findSocket(Number(id))
    if (socket !== undefined) return socket
  }
  return undefined
}

function serverMessage({ id, name, counts, listeners }: ServerRecord): Server {
  const { started, succeeded, failed, lastStartedAtMs } = counts.calls
  const lastStartedAt = wallTime(performance, lastStartedAtMs)
  return fromJson(ServerSchema, {
    ref: { serverId: id, name },
    data: {
      callsStarted: started,
      callsSucceeded: succeeded,
      callsFailed: failed,
      ...(lastStartedAt && { lastCallStartedTimestamp: lastStartedAt.toISOString() }),
    },
    listenSocket: listeners.map((socket) => ({ socketId: socket.id, name: socket.name })),
  })
}

function socketRef({ id, name }: ServerSocket): { socketId: bigint; name: string } {
  return { socketId: BigInt(id), name }
}

/** Where a page begins, and how many results it has at most; 0 for the default. */
export interface PageRange {
  readonly start: bigint
  readonly max: bigint
}

/** Returns the page of results with an id from `start` on. */
export function pageOf<T>(
  all: readonly T[],
  { start, max }: PageRange,
  idOf: (item: T) => bigint,
): { readonly items: readonly T[]; readonly end: boolean } {
  const size = max > 0n && max < PAGE_SIZE ? Number(max) : PAGE_SIZE
  const wanted = all.filter((item) => idOf(item) >= start)
  return { items: wanted.slice(0, size), end: wanted.length <= size }
}

function idOf({ id }: { readonly id: number }): bigint {
  return BigInt(id)
}

function found(json: object | undefined, what: string): JsonValue {
  if (json === undefined) throw notFound(what)
  return jsonOf(json)
}

function notFound(what: string): ConnectError {
  return new ConnectError(`${what} not found`, Code.NotFound)
}

/** The JSON of channelz has interfaces, which TypeScript does not take for JSON. */
function jsonOf(json: object): JsonValue {
  return json as JsonValue
}
