/** Transports of tests without sockets: time stands still, and the test is the server. */
import { create, toBinary } from '@bufbuild/protobuf'
import type { Channel } from '../../client/node/channel/channel.ts'
import type { CallSettings } from '../../client/node/rpc/call-plan.ts'
import { GrpcTransport, type GrpcTransportParts } from '../../client/node/rpc/grpc-transport.ts'
import { EMPTY_METHOD_CONFIG } from '../../client/node/service-config/method-config-table.ts'
import { SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { TimerWheel } from '../../wire/http2/http2.ts'
import { configOf } from './channel-transport.ts'
import { FakeConnector } from './fake-connector.ts'
import type { FakeStream } from './fake-stream.ts'
import { ManualClock } from './manual-clock.ts'
import { NO_CREDENTIALS } from './no-credentials.ts'
import { settled } from './settled.ts'
import { createTestChannel } from './test-channel.ts'

/** What a test sets. */
export interface FakeTransportInit {
  readonly settings?: Partial<CallSettings>
  readonly parts?: Partial<GrpcTransportParts>
}

/** A transport, and all that it works with. */
export interface FakeTransport {
  readonly transport: GrpcTransport
  readonly channel: Channel
  readonly connector: FakeConnector
  readonly clock: ManualClock
  readonly timers: TimerWheel
  /** Lets the first attempt to connect succeed, once there is one. */
  connect(): Promise<void>
  /** The requests so far, over all connections. */
  streams(): FakeStream[]
}

/** Over a channel to one address. */
export function openFakeTransport({ settings, parts }: FakeTransportInit = {}): FakeTransport {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const connector = new FakeConnector()
  const channel = createTestChannel({ connector, address: { host: '192.0.2.1', port: 80 }, clock })
  const transport = new GrpcTransport({
    channel,
    timers,
    config: configOf(EMPTY_METHOD_CONFIG),
    random: () => 0.5,
    observer: null,
    interceptors: [],
    authenticator: NO_CREDENTIALS,
    timeoutMs: undefined,
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
  return {
    transport,
    channel,
    connector,
    clock,
    timers,
    async connect() {
      await settled()
      connector.last.succeed()
      await settled()
    },
    streams: () => connector.attempts.flatMap((attempt) => attempt.streams),
  }
}

/** A whole answer of the greeter. */
export function hello(stream: FakeStream, message = 'hello'): void {
  stream.answer(toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message })))
  stream.finish(0)
}
