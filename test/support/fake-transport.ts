/** Transports without sockets: manual time, and the test is the server. */
import { create, toBinary } from '@bufbuild/protobuf'
import { type Client, createClient } from '@connectrpc/connect'
import type { Channel } from '../../client/node/channel/channel.ts'
import type { TransportParts } from '../../client/node/rpc/call-init.ts'
import type { CallSettings, ClientProtocol } from '../../client/node/rpc/method-plan.ts'
import type { RpcTransport } from '../../client/node/rpc/rpc-transport.ts'
import { GreeterService, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { TimerWheel } from '../../wire/http2/http2.ts'
import { FakeConnector } from './fake-connector.ts'
import type { FakeStream } from './fake-stream.ts'
import { ManualClock } from './manual-clock.ts'
import { settled } from './settled.ts'
import { createTestChannel } from './test-channel.ts'
import { createTestTransport } from './test-transport.ts'

/** What a test sets. */
export interface FakeTransportInit {
  readonly settings?: Partial<CallSettings>
  readonly parts?: Partial<TransportParts>
}

/** A transport, and its dependencies. */
export interface FakeTransport {
  readonly transport: RpcTransport
  readonly channel: Channel
  readonly connector: FakeConnector
  readonly clock: ManualClock
  readonly timers: TimerWheel
  /** Completes the first connection attempt, once there is one. */
  connect(): Promise<void>
  /** The requests so far, on all connections. */
  streams(): FakeStream[]
}

/** Uses a channel to one address. */
export function openFakeTransport({ settings, parts }: FakeTransportInit = {}): FakeTransport {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const connector = new FakeConnector()
  const channel = createTestChannel({ connector, address: { host: '192.0.2.1', port: 80 }, clock })
  const transport = createTestTransport({ channel, timers, ...parts }, settings)
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

/** A client of the greeter, by a protocol. */
export function openFakeGreeter(
  protocol: ClientProtocol,
  { settings, parts }: FakeTransportInit = {},
): FakeTransport & { readonly client: Client<typeof GreeterService> } {
  const fake = openFakeTransport({ ...(settings && { settings }), parts: { protocol, ...parts } })
  return { ...fake, client: createClient(GreeterService, fake.transport) }
}

/** A complete response of the greeter. */
export function hello(stream: FakeStream, message = 'hello'): void {
  stream.answer(toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message })))
  stream.finish(0)
}
