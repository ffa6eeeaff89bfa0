/** Creates a channel from its options. */
import { offerClientChannels } from '../../wire/channelz/client-channels.ts'
import {
  type Clock,
  headerBlockLimits,
  type MemoryBudget,
  type NormalizedHttp2Options,
  normalizeHttp2Options,
  type TimerWheel,
  warnOfFault,
} from '../../wire/http2/http2.ts'
import { Channel } from './channel/channel.ts'
import { ConfigSource } from './channel/config-source.ts'
import type { NormalChannelOptions } from './channel-options.ts'
import { channelz } from './channelz/channelz.ts'
import { type ChannelInspection, inspectChannel } from './channelz/inspect-channel.ts'
import type { DialRoute } from './connection/dial.ts'
import { Http1Connector } from './connection/http1-connector.ts'
import { Http2Connector } from './connection/http2-connector.ts'
import { CONNECTION_BACKOFF } from './contracts/connection-backoff.ts'
import { type MetadataLimits, maxFieldsOf } from './contracts/metadata-limits.ts'
import { CallAuthenticator } from './credentials/call-authenticator.ts'
import { HealthChecks } from './health/health-checks.ts'
import { ownRequests } from './subchannel/own-requests.ts'
import { TlsSource } from './tls/tls-source.ts'

/** A channel, and what its calls need. */
export interface OpenChannel {
  readonly channel: Channel
  /** The service config, which may change while the channel is in use. */
  readonly config: ConfigSource
  readonly timers: TimerWheel
  /** The memory budget of messages. */
  readonly budget: MemoryBudget
  /** Adds the credentials of the channel to calls. */
  readonly authenticator: CallAuthenticator
  /** Returns a snapshot of the channel. */
  inspect(): ChannelInspection
  /** Ends the calls in flight with CANCELLED, and resolves when every connection is closed. */
  close(): Promise<void>
}

/** The HTTP version of connections. */
export interface HttpSettings {
  readonly httpVersion: '1.1' | '2'
  /** HTTP/1.1: maximum number of sockets per address. */
  readonly maxSockets: number
}

const HTTP2: HttpSettings = Object.freeze({ httpVersion: '2', maxSockets: 1 })

/**
 * @param http default: HTTP/2
 * @param keepsProcess whether calls keep the process alive. Default: true
 * @throws RangeError for an invalid service config
 */
export function openChannel(
  options: NormalChannelOptions,
  http: HttpSettings = HTTP2,
  keepsProcess = true,
): OpenChannel {
  const { resolver, target, idleTimeoutMs } = options
  const http2 = http2OptionsOf(options.metadataLimits)
  const { clock } = http2.timers
  const config = new ConfigSource({
    policies: options.policies,
    defaultConfig: options.serviceConfig,
    heedsResolver: options.serviceConfigFromResolver,
  })
  const connector = http.httpVersion === '2' ? http2Connector(options, http2) : http1Connector(options, http, http2)
  const health = new HealthChecks((message) => {
    process.emitWarning(message)
    channel.record.trace.add(message, 'CT_ERROR')
  })
  const isTls = options.tls !== null
  const authenticator = new CallAuthenticator(options)
  const channel = new Channel({
    target: options.targetText,
    createResolver: (context) => resolver.create(target, context),
    usesServiceConfig: options.serviceConfigFromResolver,
    choosePolicy(result) {
      const policy = config.choosePolicy(result)
      health.serviceName = options.healthCheck ? config.service.healthServiceName : null
      return policy
    },
    onResolved: () => config.settle(),
    connector,
    backoff: CONNECTION_BACKOFF,
    clock,
    random: Math.random,
    headOf: ownRequests({ ...options, isTls, authenticator }),
    health,
    onFault: warnOfFault,
    maxConnections: () => config.service.maxConnectionsPerSubchannel,
    idleTimeoutMs,
    keepsProcess,
  })
  offerClientChannels(channelz)
  const leaveChannelz = channelz.enter(channel.record, clock)
  return {
    channel,
    config,
    timers: http2.timers,
    budget: http2,
    authenticator,
    inspect: () =>
      inspectChannel(channel.record, {
        clock,
        serviceConfig: config.service.json,
        queuedPicks: channel.queuedPicks,
        retryTokens: config.current?.throttle?.tokens ?? null,
      }),
    async close() {
      channel.close()
      await connector.close()
      leaveChannelz()
    },
  }
}

function http2OptionsOf(limits: MetadataLimits): NormalizedHttp2Options {
  const { maxHeaderListBytes } = limits
  return normalizeHttp2Options('client', {
    maxHeaderListBytes,
    maxHeaderFields: maxFieldsOf(limits),
    ...headerBlockLimits(maxHeaderListBytes),
  })
}

function http2Connector(options: NormalChannelOptions, http2: NormalizedHttp2Options): Http2Connector {
  return new Http2Connector({
    ...routeOf(options, http2.timers.clock),
    http2,
    keepalive: options.keepalive,
    onFault: warnOfFault,
  })
}

function http1Connector(
  options: NormalChannelOptions,
  { maxSockets }: HttpSettings,
  { timers }: NormalizedHttp2Options,
): Http1Connector {
  return new Http1Connector({
    ...routeOf(options, timers.clock),
    maxSockets,
    metadataLimits: options.metadataLimits,
    clock: timers.clock,
  })
}

function routeOf({ tls, proxy, serverName, defaultServerName }: NormalChannelOptions, clock: Clock): DialRoute {
  if (tls === null) return { tls, proxy }
  const source = new TlsSource(tls, { now: () => clock.now(), onFault: warnOfFault })
  const { insecure = false, allowMissingAlpn = false } = tls
  return {
    tls: {
      serverName,
      defaultServerName,
      insecure,
      allowMissingAlpn,
      secureContext: () => source.secureContext(),
    },
    proxy,
  }
}
