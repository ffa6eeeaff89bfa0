/** A caller may change a message, or the Buffer in it, as soon as it is sent: each further attempt sends what it was then. */
import { setImmediate } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError, createClient, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { CODEC_KINDS } from '../../wire/codec/codec-settings.ts'
import { PayloadSchema, SimpleRequestSchema, StreamingInputCallRequestSchema } from '../gen/grpc/testing/messages_pb.js'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { CLIENT_WAYS } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'
import { retryConfig } from '../support/retry-config.ts'
import { untilAborted } from '../support/until-aborted.ts'

/** Short ones share a buffer, long ones get their own. Together they fit the 256 KiB that are kept for further attempts. */
const SIZES = [1, 100, 1_500, 20_000, 70_000]
/** What the caller writes over octets that it has sent. */
const MARK = 0xff
/** Octets that differ from each other. */
const MIXED = -1

/** A request as an attempt received it: its size, and its octet, or {@link MIXED}. */
type Received = readonly [size: number, octet: number]

/** What a client stream sends. */
const SENT: readonly Received[] = [...SIZES, ...SIZES].map((size, index) => [size, index + 1])

/** How the first attempt fails, and how the client makes the second. */
interface Plan {
  readonly name: string
  readonly serviceConfig: object
  /** Ends the first attempt, after the caller has changed what it sent. */
  fail(context: HandlerContext): Promise<void>
}

async function refuse(): Promise<void> {
  throw new ConnectError('the first attempt', Code.Unavailable)
}

function hedgingConfig(hedgingDelay: string) {
  const hedgingPolicy = { maxAttempts: 2, hedgingDelay, nonFatalStatusCodes: ['UNAVAILABLE'] }
  return { methodConfig: [{ name: [{}], hedgingPolicy }] }
}

const PLANS: readonly Plan[] = [
  { name: 'retried', serviceConfig: retryConfig(3, 'UNAVAILABLE'), fail: refuse },
  { name: 'hedged after a failure', serviceConfig: hedgingConfig('60s'), fail: refuse },
  { name: 'hedged beside a slow attempt', serviceConfig: hedgingConfig('0.03s'), fail: untilEnd },
]

async function untilEnd({ signal }: HandlerContext): Promise<void> {
  await untilAborted(signal)
}

/** What each attempt received. The first one changes the message of the client, and then fails. */
class Attempts {
  readonly received: Received[][] = []
  readonly #plan: Plan
  /** Changes what the client has sent. */
  spoil: () => void = () => {}

  constructor(plan: Plan) {
    this.#plan = plan
  }

  async take(requests: AsyncIterable<Received>, context: HandlerContext, failsAfter: number): Promise<void> {
    const own: Received[] = []
    const isFirst = this.received.push(own) === 1
    for await (const request of requests) {
      own.push(request)
      if (isFirst && own.length === failsAfter) break
    }
    if (!isFirst) return
    this.spoil()
    await this.#plan.fail(context)
  }
}

function receivedOf(body: Uint8Array = new Uint8Array(0)): Received {
  const [octet = 0] = body
  return [body.length, body.every((other) => other === octet) ? octet : MIXED]
}

async function start(plan: Plan, failsAfter: number, options: Partial<TransportOptions>) {
  const attempts = new Attempts(plan)
  const { origin } = await startRoutes({
    lane: 'native',
    routes: (router) =>
      router.service(TestService, {
        async unaryCall({ payload }, context) {
          await attempts.take(only(receivedOf(payload?.body)), context, 1)
          return {}
        },
        async streamingInputCall(requests, context) {
          await attempts.take(allOf(requests), context, failsAfter)
          return {}
        },
      }),
  })
  const transport = createTransport({ baseUrl: origin, serviceConfig: plan.serviceConfig, ...options })
  onTestFinished(() => transport.close())
  return { attempts, client: createClient(TestService, transport) }
}

async function* only(received: Received) {
  yield received
}

async function* allOf(requests: AsyncIterable<{ payload?: { body: Uint8Array } | undefined }>) {
  for await (const { payload } of requests) yield receivedOf(payload?.body)
}

const CODECS = CODEC_KINDS.map((codec) => ({ form: `codec ${codec}`, options: { codec } }))
const COMPRESSED = { form: 'compression', options: { sendCompression: 'gzip' as const, compressMinBytes: 0 } }
const ROWS = CLIENT_WAYS.flatMap((way) => [
  ...CODECS.flatMap((form) => PLANS.map((plan) => ({ ...way, ...form, plan }))),
  ...PLANS.slice(0, 1).map((plan) => ({ ...way, ...COMPRESSED, plan })),
])

describe.each(ROWS)('$protocol over HTTP/$httpVersion with $form, $plan.name', (row) => {
  const { plan, protocol, httpVersion } = row
  const options = { ...row.options, protocol, httpVersion }

  test('unary messages that the caller changes while the call goes on', async () => {
    const calls = SIZES.map(async (size) => {
      const { attempts, client } = await start(plan, 1, options)
      const body = Buffer.alloc(size, 7)
      const message = create(SimpleRequestSchema, { payload: { body } })
      attempts.spoil = () => {
        body.fill(MARK)
        message.payload = create(PayloadSchema, { body: Buffer.alloc(3, MARK) })
      }
      await client.unaryCall(message)
      expect(attempts.received).toEqual([[[size, 7]], [[size, 7]]])
    })
    await Promise.all(calls)
  })

  test.each([
    ['after its first message', 1],
    ['at its end', Number.POSITIVE_INFINITY],
  ])('a client stream that reuses its message, whose first attempt fails %s', async (_when, failsAfter) => {
    const { attempts, client } = await start(plan, failsAfter, options)
    const reused = Buffer.alloc(Math.max(...SIZES))
    const message = create(StreamingInputCallRequestSchema, { payload: {} })
    attempts.spoil = () => reused.fill(MARK)
    async function* requests() {
      for (const [size, octet] of SENT) {
        if (message.payload !== undefined) message.payload.body = reused.subarray(0, size).fill(octet)
        yield message
        reused.fill(MARK)
        await setImmediate()
      }
    }
    await client.streamingInputCall(requests())
    const [first, second] = attempts.received
    expect(first).toEqual(SENT.slice(0, failsAfter))
    expect(second).toEqual(SENT)
  })
})
