/**
 * The messages of `grpc.channelz.v1` (gRFC A14) in the JSON format of protobuf, so that a channelz service can parse them with its schema.
 * Times are in RFC 3339 format, bytes in base64, and counts are numbers, which protobuf JSON accepts, too.
 */

/** A reference to a channel. */
export interface ChannelRef {
  readonly channelId: number
  readonly name: string
}

/** A reference to a subchannel. */
export interface SubchannelRef {
  readonly subchannelId: number
  readonly name: string
}

/** A reference to a socket. */
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

/** The data of a channel or subchannel. */
export interface ChannelDataJson {
  readonly state: { readonly state: 'IDLE' | 'CONNECTING' | 'READY' | 'TRANSIENT_FAILURE' | 'SHUTDOWN' }
  readonly target: string
  readonly trace: ChannelTraceJson
  readonly callsStarted: number
  readonly callsSucceeded: number
  readonly callsFailed: number
  /** Absent before the first call. */
  readonly lastCallStartedTimestamp?: string
}

/** The recent events. */
export interface ChannelTraceJson {
  /** Including events that are no longer kept. */
  readonly numEventsLogged: number
  readonly creationTimestamp: string
  /** At most 30, the oldest first. */
  readonly events: readonly TraceEventJson[]
}

/** An event. */
export interface TraceEventJson {
  readonly description: string
  readonly severity: 'CT_INFO' | 'CT_WARNING' | 'CT_ERROR'
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

/** The data of a connection. Clients count streams and octets, but not messages. */
export interface SocketDataJson {
  readonly streamsStarted: number
  readonly streamsSucceeded: number
  readonly streamsFailed: number
  /** Server, and absent if nothing counts them. */
  readonly messagesSent?: number
  readonly messagesReceived?: number
  readonly keepAlivesSent: number
  /** Absent before the first stream. */
  readonly lastLocalStreamCreatedTimestamp?: string
  /** Server: absent before the first stream. */
  readonly lastRemoteStreamCreatedTimestamp?: string
  readonly lastMessageSentTimestamp?: string
  readonly lastMessageReceivedTimestamp?: string
  /** Our send window, in octets; absent over HTTP/1.1. */
  readonly localFlowControlWindow?: number
  /** The peer's send window, in octets; absent over HTTP/1.1. */
  readonly remoteFlowControlWindow?: number
}

/** One end of a connection: an IP address in 4 or 16 octets, a Unix socket, or another name. */
export type AddressJson =
  | { readonly tcpipAddress: { readonly ipAddress: string; readonly port: number } }
  | { readonly udsAddress: { readonly filename: string } }
  | { readonly otherAddress: { readonly name: string } }

/** The TLS parameters of a connection. */
export interface TlsJson {
  readonly standardName: string
  /** DER. */
  readonly localCertificate?: string
  /** DER. */
  readonly remoteCertificate?: string
}

/** A page of channels. */
export interface TopChannelsPage {
  /** By ascending id. */
  readonly channel: readonly ChannelJson[]
  /** Whether this is the last page. Otherwise the next one starts after the last id of this one. */
  readonly end: boolean
}
