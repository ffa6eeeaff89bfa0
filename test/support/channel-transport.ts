/** Transports for tests: gRPC over a channel to a local port. */
import { Http2Connector } from '../../client/node/connection/http2-connector.ts'
import { type KeepaliveOptions, normalizeKeepalive } from '../../client/node/connection/keepalive.ts'
import type { TransportParts } from '../../client/node/rpc/call-init.ts'
import type { CallSettings } from '../../client/node/rpc/method-plan.ts'
import type { RpcTransport } from '../../client/node/rpc/rpc-transport.ts'
import { gzip } from '../../wire/compression/compression.ts'
import { normalizeHttp2Options } from '../../wire/http2/http2.ts'
import { createTestChannel } from './test-channel.ts'
import { createTestTransport } from './test-transport.ts'

/** What a test sets. */
export interface ChannelTransportInit {
  readonly port: number
  /** Not subject to the minimum for applications. Default: none. */
  readonly keepalive?: KeepaliveOptions
  readonly settings?: Partial<CallSettings>
  readonly parts?: Partial<TransportParts>
}

/** A transport, and its close function. */
export interface ChannelTransport {
  readonly transport: RpcTransport
  close(): Promise<void>
}

/** The caller must close it. */
export function openChannelTransport(init: ChannelTransportInit): ChannelTransport {
  const { port, settings, parts, keepalive = normalizeKeepalive() } = init
  const http2 = normalizeHttp2Options('client')
  const onFault = (error: unknown): void => {
    throw error
  }
  const connector = new Http2Connector({ tls: null, proxy: null, http2, keepalive, onFault })
  const channel = createTestChannel({ connector, address: { host: '127.0.0.1', port } })
  const transport = createTestTransport(
    { channel, timers: http2.timers, ...parts },
    { target: `127.0.0.1:${port}`, acceptCompression: [gzip], ...settings },
  )
  return {
    transport,
    async close() {
      channel.close()
      await connector.close()
    },
  }
}
