/** Well-behaved peers with many, frequent or large messages: none may lose a call or its connection. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChannelOptions, status } from '@grpc/grpc-js'
import { headerField } from '../../../wire/http2/http2.ts'
import { loadDefinitions } from '../greeter-definitions.ts'
import { GrpcJsClient } from '../grpc-js-client.ts'
import { HEAVY_PATHS, type HeavyService } from './heavy-service.ts'
import { messages } from './messages.ts'
import { WireClient } from './wire-client.ts'

/** The address of a scenario's server, whose `readMaxBytes` is {@link HEAVY_RECEIVE_BYTES}. */
export interface HeavyTarget {
  readonly port: number
  readonly service: HeavyService
}

/** One kind of heavy peer. */
export interface HeavyPeer {
  readonly name: string
  /** How many, in a test and under load. */
  readonly few: number
  readonly many: number
  /** @throws Error if a call or the connection was lost */
  run(target: HeavyTarget, count: number): Promise<void>
}

const GREETER = 'greeter.v1.GreeterService'
const MIB = 1_048_576
const BATCH = 1_000
const SLEEPERS = 99
const IN_FLIGHT = 50
/** All attempts of this many calls are open at once. */
const HEDGED_IN_FLIGHT = 15
/** Above every window: of a stream, of a connection, and of the session buffer. */
const LARGE_BYTES = 40 * MIB

/** As many attempts as gRPC allows (gRFC A6), without delay. */
const HEDGING = {
  loadBalancingConfig: [],
  methodConfig: [
    { name: [{}], hedgingPolicy: { maxAttempts: 5, hedgingDelay: '0.001s', nonFatalStatusCodes: ['UNAVAILABLE'] } },
  ],
}

/** The receive limit that the server needs. */
export const HEAVY_RECEIVE_BYTES = 64 * MIB

/** Without data, the messages of both streams are the same. */
const EMPTY = messages.put('')
const HELLO = messages.hello('Ada')
const OK = String(status.OK)

/** Stays connected while `use` runs, and checks that nothing closed the connection. */
async function withClient(port: number, use: (client: WireClient) => Promise<void>): Promise<void> {
  const client = await WireClient.connect(port)
  try {
    await use(client)
    assert(!client.session.isClosing, 'the server said GOAWAY')
  } finally {
    await client.close()
  }
}

async function withGrpcJs(
  port: number,
  use: (client: GrpcJsClient) => Promise<void>,
  options: ChannelOptions = {},
): Promise<void> {
  const channel = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1, ...options }
  const client = new GrpcJsClient(port, loadDefinitions(), { channel })
  try {
    await use(client)
  } finally {
    client.close()
  }
}

/** Runs this many tasks at a time. */
async function inFlight(count: number, work: (n: number) => Promise<void>, most = IN_FLIGHT): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: most }, worker))
}

/** All of them. */
export const HEAVY_PEERS: readonly HeavyPeer[] = [
  {
    name: 'tiny messages each way on one stream',
    few: 100_000,
    many: 1_000_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        const call = client.open(HEAVY_PATHS.allStream)
        const batch = Buffer.concat(Array.from({ length: BATCH }, () => EMPTY))
        for (let sent = 0; sent < count; sent += BATCH) await call.send(batch)
        assert.equal(await call.finish(), OK)
        assert.equal(call.bytes, count * EMPTY.length)
      }),
  },
  {
    name: 'tiny messages each way, each in a frame of its own',
    few: 20_000,
    many: 200_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        const call = client.open(HEAVY_PATHS.allStream)
        for (let sent = 0; sent < count; sent++) await call.send(EMPTY)
        assert.equal(await call.finish(), OK)
        assert.equal(call.bytes, count * EMPTY.length)
      }),
  },
  {
    name: 'tiny messages each way by grpc-js',
    few: 5_000,
    many: 50_000,
    run: ({ port }, count) =>
      withGrpcJs(port, async (client) => {
        const stream = client.callBidiStream(GREETER, 'AllStream')
        let received = 0
        const ended = new Promise<number>((resolve, reject) => {
          stream.on('data', () => received++)
          stream.on('error', reject)
          stream.on('status', ({ code }) => resolve(code))
        })
        for (let sent = 0; sent < count; sent++) {
          if (!stream.write({})) await new Promise((resolve) => stream.once('drain', resolve))
        }
        stream.end()
        assert.equal(await ended, status.OK)
        assert.equal(received, count)
      }),
  },
  {
    name: 'calls, a PING with each',
    few: 2_000,
    many: 100_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        for (let n = 0; n < count; n++) {
          client.session.ping()
          assert.equal(await client.open(HEAVY_PATHS.sayHello).finish(HELLO), OK)
        }
      }),
  },
  {
    name: 'messages of one stream, a PING with each',
    few: 2_000,
    many: 100_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        const call = client.open(HEAVY_PATHS.allStream)
        for (let n = 1; n <= count; n++) {
          client.session.ping()
          await call.send(EMPTY)
          while (call.bytes < n * EMPTY.length) await new Promise((resolve) => setImmediate(resolve))
        }
        assert.equal(await call.finish(), OK)
      }),
  },
  {
    name: 'deadlines that pass, by grpc-js, which resets the calls at the same moment',
    few: 1_000,
    many: 20_000,
    run: ({ port }, count) =>
      withGrpcJs(port, async (client) => {
        await inFlight(count, async () => {
          const options = { deadline: Date.now() + 20 }
          const code = await client
            .callUnary(GREETER, 'SayHello', { name: 'wait' }, options)
            .catch((error) => error.code)
          assert.equal(code, status.DEADLINE_EXCEEDED)
        })
        await client.callUnary(GREETER, 'SayHello', { name: 'Ada' })
      }),
  },
  {
    name: 'deadlines that pass at the server',
    few: 2_000,
    many: 50_000,
    run: ({ port }, count) =>
      withClient(port, (client) =>
        inFlight(count, async () => {
          const call = client.open(HEAVY_PATHS.sayHello, [headerField('grpc-timeout', '1m')])
          assert.equal(await call.finish(messages.hello('wait')), String(status.DEADLINE_EXCEEDED))
        }),
      ),
  },
  {
    name: 'hedged calls, whose slower one is cancelled',
    few: 1_000,
    many: 20_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        for (let n = 0; n < count; n++) {
          const slower = client.open(HEAVY_PATHS.sayHello)
          slower.stream.end(messages.hello('wait'))
          assert.equal(await client.open(HEAVY_PATHS.sayHello).finish(HELLO), OK)
          slower.cancel()
        }
      }),
  },
  {
    name: 'hedged calls by grpc-js, four of five attempts are cancelled',
    few: 500,
    many: 5_000,
    run: ({ port }, count) =>
      withGrpcJs(
        port,
        async (client) => {
          const hedge = async () => {
            await client.callUnary(GREETER, 'SayHello', { name: 'fifth' })
          }
          await inFlight(count, hedge, HEDGED_IN_FLIGHT)
        },
        { 'grpc.service_config': JSON.stringify(HEDGING) },
      ),
  },
  {
    name: 'hedges that are cancelled after 10 ms, 99 at a time, as another server was faster',
    few: 1_000,
    many: 10_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        for (let done = 0; done < count; done += SLEEPERS) {
          const hedges = Array.from({ length: SLEEPERS }, () => client.open(HEAVY_PATHS.sayHello))
          for (const { stream } of hedges) stream.end(messages.hello('wait'))
          await sleep(10)
          for (const hedge of hedges) hedge.cancel()
        }
        assert.equal(await client.open(HEAVY_PATHS.sayHello).finish(HELLO), OK)
      }),
  },
  {
    name: 'calls beside 99 streams that sleep with full windows',
    few: 1_000,
    many: 50_000,
    run: ({ port, service }, count) =>
      withClient(port, async (client) => {
        const full = Buffer.concat(Array.from({ length: 20_000 }, () => messages.put('sleep')))
        const sleepers = Array.from({ length: SLEEPERS }, () => client.open(HEAVY_PATHS.putStream))
        for (const sleeper of sleepers) sleeper.stream.write(full)
        for (let n = 0; n < count; n++) {
          assert.equal(await client.open(HEAVY_PATHS.sayHello).finish(HELLO), OK)
        }
        for (const sleeper of sleepers) sleeper.cancel()
        service.wake()
      }),
  },
  {
    name: 'messages larger than every window, both ways',
    few: 1,
    many: 10,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        for (let n = 0; n < count; n++) {
          const up = client.open(HEAVY_PATHS.sayHello)
          assert.equal(await up.finish(messages.hello('x'.repeat(LARGE_BYTES))), OK)
          const down = client.open(HEAVY_PATHS.sayHello)
          assert.equal(await down.finish(messages.hello(`large:${LARGE_BYTES}`)), OK)
          assert(down.bytes > LARGE_BYTES)
        }
      }),
  },
  {
    name: 'streams of large messages to four readers at once',
    few: 100,
    many: 4_000,
    run: ({ port }, count) =>
      withClient(port, async (client) => {
        const body = messages.get('large', count)
        const calls = Array.from({ length: 4 }, () => client.open(HEAVY_PATHS.getStream))
        const ends = await Promise.all(calls.map((call) => call.finish(body)))
        assert.deepEqual(ends, [OK, OK, OK, OK])
        for (const { bytes } of calls) assert(bytes > count * 65_536)
      }),
  },
]
