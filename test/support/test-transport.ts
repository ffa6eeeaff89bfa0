/** Minimal transports for tests, over a given channel; gRPC by default. */

import { DEFAULT_METADATA_LIMITS } from '../../client/node/contracts/metadata-limits.ts'
import type { TransportParts } from '../../client/node/rpc/call-init.ts'
import type { CallSettings } from '../../client/node/rpc/method-plan.ts'
import { grpcProtocol } from '../../client/node/rpc/protocols/grpc/grpc-protocol.ts'
import { RpcTransport } from '../../client/node/rpc/rpc-transport.ts'
import { processMemory } from '../../wire/http2/http2.ts'
import { configOf } from './config-of.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'

/** The required parts of a transport, and optional settings. */
export type TestTransportParts = Partial<TransportParts> & Pick<TransportParts, 'channel' | 'timers'>

/** Without compression, service config and credentials by default. */
export function createTestTransport(parts: TestTransportParts, settings: Partial<CallSettings> = {}): RpcTransport {
  return new RpcTransport({
    interceptors: [],
    authenticator: NO_CREDENTIALS,
    timeoutMs: undefined,
    random: () => 0.5,
    observer: null,
    config: configOf({}),
    protocol: grpcProtocol,
    settings: {
      target: 'test:///somewhere',
      scheme: 'http',
      authority: 'greeter.test',
      pathPrefix: '',
      userAgent: 'test',
      format: 'binary',
      codec: { json: {}, binary: undefined },
      budget: { memory: processMemory, processBufferBytes: 256 * 1_024 * 1_024 },
      sendCompression: null,
      compressMinBytes: 0,
      acceptCompression: [],
      metadataLimits: DEFAULT_METADATA_LIMITS,
      maxReceiveBytes: 1_000_000,
      maxSendBytes: 1_000_000,
      hasPolicies: true,
      ...settings,
    },
    ...parts,
  })
}
