/** Transports of tests: gRPC as plain as can be, over a channel that the test has. */
import type { CallSettings } from '../../client/node/rpc/call-plan.ts'
import { GrpcTransport, type GrpcTransportParts } from '../../client/node/rpc/grpc-transport.ts'
import { configOf } from './config-of.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'

/** What a transport cannot do without, and what else a test sets. */
export type TestTransportParts = Partial<GrpcTransportParts> & Pick<GrpcTransportParts, 'channel' | 'timers'>

/** Without compression, service config and credentials, unless the test says otherwise. */
export function createTestTransport(parts: TestTransportParts, settings: Partial<CallSettings> = {}): GrpcTransport {
  return new GrpcTransport({
    interceptors: [],
    authenticator: NO_CREDENTIALS,
    timeoutMs: undefined,
    random: () => 0.5,
    observer: null,
    config: configOf({}),
    settings: {
      protocol: 'grpc',
      target: 'test:///somewhere',
      scheme: 'http',
      authority: 'greeter.test',
      pathPrefix: '',
      userAgent: 'test',
      format: 'binary',
      codec: { json: {}, binary: undefined },
      sendCompression: null,
      compressMinBytes: 0,
      acceptCompression: [],
      maxReceiveBytes: 1_000_000,
      maxSendBytes: 1_000_000,
      hasPolicies: true,
      ...settings,
    },
    ...parts,
  })
}
