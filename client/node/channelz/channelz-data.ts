/**
 * The messages of `grpc.channelz.v1` (gRFC A14), as protobuf's JSON has them, so that a service of that name has only to read
 * them by its schema. Times are as in RFC 3339, bytes in base64, and counts are numbers, which JSON of protobuf takes too.
 */
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import type { TraceSeverity } from './trace.ts'

/** Names a channel. */
export interface ChannelRef {
  readonly channelId: number
  readonly name: string
}

/** Names a subchannel. */
export interface SubchannelRef {
  readonly subchannelId: number
  readonly name: string
}

/** Names a socket. */
export interface SocketRef {
  readonly socketId: number
  readonly name: string
}

/** A channel. */
export interface ChannelJson {
  readonly ref: ChannelRef
  readonly data: ChannelDataJson
  readonly subchannelRef: readonly SubchannelRef[]
}

/** One of the addresses that a channel connects to. */
export interface SubchannelJson {
  readonly ref: SubchannelRef
  readonly data: ChannelDataJson
  readonly socketRef: readonly SocketRef[]
}

/** How a channel or subchannel is. */
export interface ChannelDataJson {
  readonly state: { readonly state: ConnectivityState }
  readonly target: string
  readonly trace: ChannelTraceJson
  readonly callsStarted: number
  readonly callsSucceeded: number
  readonly callsFailed: number
  /** Absent before the first call. */
  readonly lastCallStartedTimestamp?: string
}

/** What has happened lately. */
export interface ChannelTraceJson {
  /** Also those that are not kept. */
  readonly numEventsLogged: number
  readonly creationTimestamp: string
  /** At most 30, the oldest first. */
  readonly events: readonly TraceEventJson[]
}

/** Something that happened. */
export interface TraceEventJson {
  readonly description: string
  readonly severity: TraceSeverity
  readonly timestamp: string
  readonly subchannelRef?: SubchannelRef
}

/** A connection. */
export interface SocketJson {
  readonly ref: SocketRef
  readonly data: SocketDataJson
  readonly local?: AddressJson
  readonly remote: AddressJson
  /** Absent for cleartext. */
  readonly security?: { readonly tls: TlsJson }
}

/** How a connection is. Messages are not counted: a connection knows of streams and octets only. */
export interface SocketDataJson {
  readonly streamsStarted: number
  readonly streamsSucceeded: number
  readonly streamsFailed: number
  readonly keepAlivesSent: number
  /** Absent before the first stream. */
  readonly lastLocalStreamCreatedTimestamp?: string
  /** What the peer has granted to us, in octets; absent over HTTP/1.1. */
  readonly localFlowControlWindow?: number
  /** What we have granted to the peer, in octets; absent over HTTP/1.1. */
  readonly remoteFlowControlWindow?: number
}

/** One end of a connection: an IP address in its 4 or 16 octets, a Unix socket, or a name that is none of them. */
export type AddressJson =
  | { readonly tcpipAddress: { readonly ipAddress: string; readonly port: number } }
  | { readonly udsAddress: { readonly filename: string } }
  | { readonly otherAddress: { readonly name: string } }

/** How a connection is secured. */
export interface TlsJson {
  readonly standardName: string
  /** DER. */
  readonly localCertificate?: string
  /** DER. */
  readonly remoteCertificate?: string
}

/** One page of all channels. */
export interface TopChannelsPage {
  /** By their ids, ascending. */
  readonly channel: readonly ChannelJson[]
  /** There are no more. Else the next page starts after the last id of this one. */
  readonly end: boolean
}
