/** What channelz says of servers, channels and sockets, as tables and as JSON. */
import { toJson } from '@bufbuild/protobuf'
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt'
import {
  type Address,
  type Channel,
  type ChannelData,
  ChannelSchema,
  ChannelConnectivityState_State as ChannelState,
  ServerSchema,
  type Socket,
  type SocketRef,
  SocketSchema,
  type Subchannel,
  SubchannelSchema,
} from '../../../../gen/channelz_pb.js'
import type { ChannelzReader, Found } from './channelz-reader.ts'
import type { AdminView } from './view.ts'

const CALL_COLUMNS = ['STARTED', 'SUCCEEDED', 'FAILED', 'LAST CALL'] as const

/** The servers of a process. */
export async function viewServers(reader: ChannelzReader): Promise<AdminView> {
  const { items, isCut } = await reader.servers()
  return {
    json: items.map((server) => toJson(ServerSchema, server)),
    header: ['ID', 'LISTENS ON', ...CALL_COLUMNS],
    rows: items.map(({ ref, data, listenSocket }) => {
      const addresses = listenSocket.map(({ name }) => name).join(', ')
      return [textOf(ref?.serverId), addresses || (ref?.name ?? ''), ...callCells(data)]
    }),
    isCut,
  }
}

/** The channels of a process, each followed by its subchannels. */
export async function viewChannels(reader: ChannelzReader): Promise<AdminView> {
  const { items, isCut } = await reader.channels()
  const found = await Promise.all(items.map(async (channel) => ({ channel, parts: await partsOf(reader, channel) })))
  return {
    json: found.map(({ channel, parts }) => ({
      channel: toJson(ChannelSchema, channel),
      subchannels: parts.map((part) => toJson(SubchannelSchema, part)),
    })),
    header: ['ID', 'STATE', 'TARGET', ...CALL_COLUMNS],
    rows: found.flatMap(({ channel, parts }) => [
      channelCells(channel.ref?.channelId, channel.data, ''),
      ...parts.map(({ ref, data }) => channelCells(ref?.subchannelId, data, '  ')),
    ]),
    isCut,
  }
}

/** The connections of all servers and channels. */
export async function viewSockets(reader: ChannelzReader): Promise<AdminView> {
  const owned = [...(await serverSockets(reader)), ...(await channelSockets(reader))]
  const found = owned.flatMap(({ owner, sockets }) => sockets.map((socket) => ({ owner, socket })))
  return {
    json: found.map(({ owner, socket }) => ({ owner, socket: toJson(SocketSchema, socket) })),
    header: ['ID', 'OF', 'LOCAL', 'REMOTE', 'TLS', 'STREAMS', 'FAILED', 'SENT', 'RECEIVED', 'PINGS', 'WINDOW'],
    rows: found.map(({ owner, socket }) => socketCells(owner, socket)),
    isCut: owned.some((each) => each.isCut),
  }
}

/** The sockets of one server or subchannel. */
interface OwnedSockets {
  readonly owner: string
  readonly sockets: readonly Socket[]
  readonly isCut: boolean
}

async function serverSockets(reader: ChannelzReader): Promise<OwnedSockets[]> {
  const owned: OwnedSockets[] = []
  for (const { ref } of (await reader.servers()).items) {
    const { items, isCut } = await reader.serverSockets(ref?.serverId ?? 0n)
    owned.push({ owner: `server ${ref?.serverId}`, sockets: await socketsOf(reader, items), isCut })
  }
  return owned
}

async function channelSockets(reader: ChannelzReader): Promise<OwnedSockets[]> {
  const owned: OwnedSockets[] = []
  const { items, isCut }: Found<Channel> = await reader.channels()
  for (const channel of items) {
    for (const { ref, socketRef } of await partsOf(reader, channel)) {
      owned.push({ owner: `subchannel ${ref?.subchannelId}`, sockets: await socketsOf(reader, socketRef), isCut })
    }
  }
  return owned
}

async function partsOf(reader: ChannelzReader, { subchannelRef }: Channel): Promise<Subchannel[]> {
  const parts = await Promise.all(subchannelRef.map(({ subchannelId }) => reader.subchannel(subchannelId)))
  return parts.filter((part) => part !== undefined)
}

async function socketsOf(reader: ChannelzReader, refs: readonly SocketRef[]): Promise<Socket[]> {
  const sockets = await Promise.all(refs.map(({ socketId }) => reader.socket(socketId)))
  return sockets.filter((socket) => socket !== undefined)
}

function channelCells(id: bigint | undefined, data: ChannelData | undefined, indent: string): string[] {
  const state = data?.state?.state ?? ChannelState.UNKNOWN
  return [`${indent}${textOf(id)}`, ChannelState[state] ?? String(state), data?.target ?? '', ...callCells(data)]
}

/** The counts that servers, channels and subchannels have in common. */
interface CallData {
  readonly callsStarted: bigint
  readonly callsSucceeded: bigint
  readonly callsFailed: bigint
  readonly lastCallStartedTimestamp?: Timestamp | undefined
}

function callCells(data: CallData | undefined): string[] {
  return [
    textOf(data?.callsStarted),
    textOf(data?.callsSucceeded),
    textOf(data?.callsFailed),
    timeText(data?.lastCallStartedTimestamp),
  ]
}

function socketCells(owner: string, { ref, data, local, remote, security }: Socket): string[] {
  const cipher = security?.model.case === 'tls' ? security.model.value.cipherSuite.value : undefined
  return [
    textOf(ref?.socketId),
    owner,
    addressText(local),
    addressText(remote) || (ref?.name ?? ''),
    security === undefined ? '' : String(cipher ?? 'yes'),
    textOf(data?.streamsStarted),
    textOf(data?.streamsFailed),
    textOf(data?.messagesSent),
    textOf(data?.messagesReceived),
    textOf(data?.keepAlivesSent),
    textOf(data?.localFlowControlWindow),
  ]
}

function textOf(count: bigint | undefined): string {
  return count === undefined ? '' : String(count)
}

/** Returns an empty text for no time, and for one beyond the range of dates. */
export function timeText(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) return ''
  const date = timestampDate(timestamp)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

function addressText(address: Address | undefined): string {
  const end = address?.address
  if (end?.case === 'tcpipAddress') {
    const { ipAddress, port } = end.value
    const ip = ipText(ipAddress)
    return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
  }
  if (end?.case === 'udsAddress') return `unix:${end.value.filename}`
  return end?.case === 'otherAddress' ? end.value.name : ''
}

/** The URL parser writes IPv6 in its short form. */
function ipText(octets: Uint8Array): string {
  if (octets.length !== 16) return octets.join('.')
  const hex = Buffer.from(octets).toString('hex').match(/.{4}/g) ?? []
  return new URL(`http://[${hex.join(':')}]`).hostname.slice(1, -1)
}
