/** The counters of the entities on a page of channelz, by names from which their rates can be found. */
import type { Channel, Server, Socket, Subchannel } from '../../../../gen/channelz_pb.js'
import type { ChannelzPage } from './read-channelz.ts'

/** A counter and its value. */
export type Counter = readonly [name: string, value: bigint]

/** All counters of a page. */
export function countersOf(page: ChannelzPage): Counter[] {
  switch (page.kind) {
    case 'overview':
      return [...page.servers.map(callsOf), ...page.channels.map(callsOf)]
    case 'server':
      return [callsOf(page.server), ...page.sockets.flatMap(socketCounters)]
    case 'channel':
      return [callsOf(page.channel), ...childCounters(page)]
    case 'subchannel':
      return [callsOf(page.subchannel), ...childCounters(page)]
    case 'socket':
      return socketCounters(page.socket)
  }
}

function childCounters({
  channels,
  subchannels,
  sockets,
}: ChannelzPage & { kind: 'channel' | 'subchannel' }): Counter[] {
  return [...channels.map(callsOf), ...subchannels.map(callsOf), ...sockets.flatMap(socketCounters)]
}

function callsOf(entity: Server | Channel | Subchannel): Counter {
  return [callsName(entity), entity.data?.callsStarted ?? 0n]
}

function socketCounters(socket: Socket): Counter[] {
  const { streamsStarted = 0n, messagesSent = 0n, messagesReceived = 0n } = socket.data ?? {}
  return [
    [socketName(socket, 'streams'), streamsStarted],
    [socketName(socket, 'sent'), messagesSent],
    [socketName(socket, 'received'), messagesReceived],
  ]
}

/** The name of the counter of calls that an entity has started. */
export function callsName({ $typeName, ref }: Server | Channel | Subchannel): string {
  return `${$typeName} ${idOf(ref)}`
}

/** The name of a counter of a socket. */
export function socketName({ ref }: Socket, what: 'streams' | 'sent' | 'received'): string {
  return `socket ${ref?.socketId} ${what}`
}

function idOf(ref: Server['ref'] | Channel['ref'] | Subchannel['ref']): bigint {
  if (ref === undefined) return 0n
  if ('serverId' in ref) return ref.serverId
  return 'channelId' in ref ? ref.channelId : ref.subchannelId
}
