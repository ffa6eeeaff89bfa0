/** Transports of tests: gRPC over a channel to one port of this machine. */
import { Http2Connector } from '../../client/node/channel/http2-connector.ts'
import { type KeepaliveOptions, normalizeKeepalive } from '../../client/node/channel/keepalive.ts'
import type { CallConfigSource } from '../../client/node/rpc/call-config.ts'
import type { CallSettings } from '../../client/node/rpc/call-plan.ts'
import { GrpcTransport, type GrpcTransportParts } from '../../client/node/rpc/grpc-transport.ts'
import type { RetryThrottle } from '../../client/node/rpc/retry-throttle.ts'
import type { MethodConfig } from '../../client/node/service-config/method-config.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import { gzip } from '../../wire/compression.ts'
import { normalizeHttp2Options } from '../../wire/http2/http2.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'
import { createTestChannel } from './test-channel.ts'

/** What a test sets. */
export interface ChannelTransportInit {
  readonly port: number
  /** Not held against the least that applications may set. Default: none. */
  readonly keepalive?: KeepaliveOptions
  readonly settings?: Partial<CallSettings>
  readonly parts?: Partial<GrpcTransportParts>
}

/** A transport, and how it ends. */
export interface ChannelTransport {
  readonly transport: GrpcTransport
  close(): Promise<void>
}

/** The caller closes it. */
export function openChannelTransport(init: ChannelTransportInit): ChannelTransport {
  const { port, settings, parts, keepalive = normalizeKeepalive() } = init
  const http2 = normalizeHttp2Options('client')
  const onFault = (error: unknown): void => {
    throw error
  }
  const connector = new Http2Connector({ tls: null, proxy: null, http2, keepalive, onFault })
  const channel = createTestChannel({ connector, address: { host: '127.0.0.1', port } })
  const transport = new GrpcTransport({
    channel,
    timers: http2.timers,
    interceptors: [],
    authenticator: NO_CREDENTIALS,
    timeoutMs: undefined,
    random: () => 0.5,
    observer: null,
    config: configOf(EMPTY_METHOD_CONFIG),
    settings: {
      protocol: 'grpc',
      target: `127.0.0.1:${port}`,
      scheme: 'http',
      authority: 'greeter.test',
      pathPrefix: '',
      userAgent: 'test',
      format: 'binary',
      codec: { json: {}, binary: undefined },
      sendCompression: null,
      compressMinBytes: 0,
      acceptCompression: [gzip],
      maxReceiveBytes: 1_000_000,
      maxSendBytes: 1_000_000,
      hasPolicies: true,
      ...settings,
    },
    ...parts,
  })
  return {
    transport,
    async close() {
      channel.close()
      await connector.close()
    },
  }
}

/** A service config that says the same of all methods, and is known from the beginning. */
export function configOf(method: Partial<MethodConfig>, throttle: RetryThrottle | null = null): CallConfigSource {
  const config: MethodConfig = { ...EMPTY_METHOD_CONFIG, ...method }
  return { current: { methods: { find: () => config }, throttle }, whenKnown: () => () => {} }
}
