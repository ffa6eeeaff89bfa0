/** A snapshot of a whole channel, for people and tests. */
import type { ConnectError } from '@connectrpc/connect'
import type { CallCounter } from '../../../wire/channelz/call-counter.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import type { Clock } from '../../../wire/http2/http2.ts'
import type { ConnectivityState } from '../contracts/connectivity-state.ts'
import { addressText } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { ChannelRecord, Resolution } from './channel-record.ts'
import type { SubchannelRecord } from './subchannel-record.ts'

/** A snapshot of a channel that can be written as JSON. Times are in RFC 3339 format, sizes in bytes. Its size is bounded. */
export interface ChannelInspection {
  /** As it was given. */
  readonly target: string
  readonly state: ConnectivityState
  readonly stateSince: string
  /** The load balancing policy; null before the first usable result of the resolver. */
  readonly policy: string | null
  /** The effective service config, as parsed by JSON.parse; null for one above 65,536 characters. */
  readonly serviceConfig: unknown
  /** The last result of name resolution; null before the first. */
  readonly resolution: ResolutionInspection | null
  /** At most 100: first those connected or connecting, then idle ones, then those without a subchannel. */
  readonly addresses: readonly AddressInspection[]
  /** Number of omitted addresses. */
  readonly addressesLeftOut: number
  /** Calls; several attempts of a call count once. */
  readonly calls: CallsInspection
  /** Calls that wait for a connection, or for room on one. */
  readonly queuedPicks: number
  /** The remaining retry tokens (gRFC A6); null without a limit. */
  readonly retryTokens: number | null
}

/** A result of name resolution. */
export interface ResolutionInspection {
  readonly at: string
  readonly endpoints: number
  /** Why it failed, or why its result is unusable; null after a success. */
  readonly error: string | null
}

/** One of the addresses of a channel. */
export interface AddressInspection {
  readonly address: string
  /** Null if the policy has no subchannel for it. */
  readonly state: ConnectivityState | null
  readonly stateSince: string | null
  /** Why the last connection attempt failed; null if it succeeded. */
  readonly lastError: string | null
  /** Attempts of calls to this address. */
  readonly calls: CallsInspection
  /** Open connections, including those that take no more calls; at most 10. */
  readonly connections: readonly ConnectionInspection[]
}

/** The outcomes of calls, or of attempts. */
export interface CallsInspection {
  readonly started: number
  readonly succeeded: number
  readonly failed: number
  readonly lastStartedAt: string | null
}

/** A connection. */
export interface ConnectionInspection {
  /** Null for a Unix socket, which has no name on this side. */
  readonly local: string | null
  readonly remote: string
  /** `TLSv1.3 TLS_AES_128_GCM_SHA256`, for example; null for cleartext. */
  readonly tls: string | null
  readonly openedAt: string
  readonly openStreams: number
  /** Maximum of concurrent streams of the server; null without a limit. */
  readonly maxStreams: number | null
  readonly streamsStarted: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly pingsSent: number
}

/** Facts that the record of the channel lacks. */
export interface InspectionInit {
  /** The clock of the call times. */
  readonly clock: Clock
  readonly serviceConfig: unknown
  readonly queuedPicks: number
  readonly retryTokens: number | null
}

const MAX_ADDRESSES = 100
const MAX_CONNECTIONS = 10
const MAX_CONFIG_LENGTH = 65_536
const MAX_ERROR_LENGTH = 500

/** Takes a snapshot, which does not change afterwards. */
export function inspectChannel(record: ChannelRecord, init: InspectionInit): ChannelInspection {
  const { clock, serviceConfig, queuedPicks, retryTokens } = init
  const { resolution } = record
  // Idle ones last, as they are omitted first.
  const subchannels = [...record.subchannels.values()].sort((a, b) => Number(isIdle(a)) - Number(isIdle(b)))
  const wanted = subchannels.map((subchannel) => inspectSubchannel(subchannel, clock))
  const addresses = [...wanted, ...unusedAddresses(wanted, resolution)]
  return {
    target: record.target,
    state: record.state,
    stateSince: record.changedAt.toISOString(),
    policy: record.policyName,
    serviceConfig: isShort(serviceConfig) ? serviceConfig : null,
    resolution: resolution && inspectResolution(resolution),
    addresses: addresses.slice(0, MAX_ADDRESSES),
    addressesLeftOut: Math.max(0, addresses.length - MAX_ADDRESSES),
    calls: inspectCalls(record.calls, clock),
    queuedPicks,
    retryTokens,
  }
}

function isIdle({ state }: SubchannelRecord): boolean {
  return state === 'IDLE'
}

function inspectResolution({ at, endpoints, error }: Resolution): ResolutionInspection {
  return { at: at.toISOString(), endpoints: endpoints.length, error: errorText(error ?? undefined) }
}

function inspectSubchannel(subchannel: SubchannelRecord, clock: Clock): AddressInspection {
  const { address, state, changedAt, lastError, calls, sockets } = subchannel
  return {
    address: addressText(address),
    state,
    stateSince: changedAt.toISOString(),
    lastError: errorText(lastError),
    calls: inspectCalls(calls, clock),
    connections: sockets.slice(-MAX_CONNECTIONS).map(inspectSocket),
  }
}

function unusedAddresses(used: readonly AddressInspection[], resolution: Resolution | null): AddressInspection[] {
  const known = new Set(used.map(({ address }) => address))
  const found = (resolution?.endpoints ?? []).flatMap(({ addresses }) => addresses.map(addressText))
  const unused = new Set(found.filter((address) => !known.has(address)))
  const calls: CallsInspection = { started: 0, succeeded: 0, failed: 0, lastStartedAt: null }
  return Array.from(unused, (address) => ({
    address,
    state: null,
    stateSince: null,
    lastError: null,
    calls,
    connections: [],
  }))
}

function inspectSocket(socket: SocketRecord): ConnectionInspection {
  const { local, remote, tls, openedAt, openStreams, maxStreams, stats } = socket.facts()
  return {
    local: local && addressText(local),
    remote: addressText(remote),
    tls: tls && `${tls.version} ${tls.cipher}`,
    openedAt: openedAt.toISOString(),
    openStreams,
    maxStreams: Number.isFinite(maxStreams) ? maxStreams : null,
    streamsStarted: stats.streamsStarted,
    bytesSent: stats.bytesSent,
    bytesReceived: stats.bytesReceived,
    pingsSent: stats.pingsSent,
  }
}

function inspectCalls({ started, succeeded, failed, lastStartedAtMs }: CallCounter, clock: Clock): CallsInspection {
  return { started, succeeded, failed, lastStartedAt: wallTime(clock, lastStartedAtMs)?.toISOString() ?? null }
}

function errorText(error: ConnectError | undefined): string | null {
  return error?.rawMessage.slice(0, MAX_ERROR_LENGTH) ?? null
}

function isShort(json: unknown): boolean {
  return (JSON.stringify(json) ?? '').length <= MAX_CONFIG_LENGTH
}
