/**
 * Callers of every temper at once, by every protocol: patient ones, hasty ones, some who cancel, leave or read slowly. Each gets
 * what its call should end with, and nothing is left open. Ends with 1 where that does not hold.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CallOptions, type Client, Code, ConnectError } from '@connectrpc/connect'
import { createClient } from '../../client/core/create-client.ts'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { echoRoutes } from '../support/echo-greeter.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const WAYS: readonly Required<Pick<TransportOptions, 'protocol' | 'httpVersion'>>[] = [
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '1.1' },
]
const COMPRESSIONS = [{}, { sendCompression: 'gzip' }] as const
const CALLERS = 8
const CALLS = 50
const SIZES = [0, 5, 100, 3_000, 70_000] as const
const SEED = 7
/** No call takes this long on any machine. */
const TIMEOUT_MS = 60_000
const SOON_MS = 20
const SETTLE_LIMIT_MS = 20_000

/** With the codes that calls may fail with. */
const TEMPERS = {
  patient: [],
  slow: [],
  leaving: [],
  hasty: [Code.DeadlineExceeded],
  cancelling: [Code.Canceled],
} as const satisfies Record<string, readonly Code[]>

type Temper = keyof typeof TEMPERS

/** One call. */
interface Plan {
  readonly temper: Temper
  readonly text: string
  /** Of a stream. */
  readonly count: number
  /** After how many messages a reader leaves. */
  readonly enough: number
}

type Mode = (client: Client<typeof GreeterService>, plan: Plan, options: CallOptions) => Promise<void>

const random = new SeededRandom(SEED)
const faults: string[] = []

const unary: Mode = async (client, { text }, options) => {
  const { message } = await client.sayHello({ name: text }, options)
  expectSame('the greeting', message, `Hello ${text}`)
}

const serverStream: Mode = async (client, plan, options) => {
  const { text, count } = plan
  let received = 0
  for await (const { data, sequence } of client.getStream({ topic: text, limit: count }, options)) {
    expectSame('the sequence', Number(sequence), received++)
    expectSame('the data', data, text)
    if (await hasLeft(plan, received)) return
  }
  expectSame('the messages of a stream', received, count)
}

const clientStream: Mode = async (client, plan, options) => {
  const { accepted } = await client.putStream(messages(plan), options)
  expectSame('the messages that arrived', Number(accepted), plan.count)
}

const bidiStream: Mode = async (client, plan, options) => {
  let received = 0
  for await (const { topic, data } of client.allStream(messages(plan), options)) {
    expectSame('the topic', topic, String(received++))
    expectSame('the data', data, plan.text.toUpperCase())
    if (await hasLeft(plan, received)) return
  }
  expectSame('the messages both ways', received, plan.count)
}

async function* messages({ text, count, temper }: Plan) {
  for (let index = 0; index < count; index++) {
    yield { topic: String(index), data: text }
    if (temper === 'slow') await sleep(1)
  }
}

async function hasLeft({ temper, enough }: Plan, received: number): Promise<boolean> {
  if (temper === 'slow') await sleep(1)
  return temper === 'leaving' && received >= enough
}

function expectSame(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected)
    faults.push(`${what}: ${String(seen).slice(0, 80)} in the place of ${String(expected).slice(0, 80)}`)
}

function nextPlan(): Plan {
  const size = random.pick(SIZES)
  return {
    temper: random.pick(Object.keys(TEMPERS) as Temper[]),
    text: 'x'.repeat(size),
    count: random.below(size > 5_000 ? 20 : 100),
    enough: 1 + random.below(20),
  }
}

async function call(client: Client<typeof GreeterService>, mode: Mode, plan: Plan): Promise<void> {
  const controller = new AbortController()
  const timer = plan.temper === 'cancelling' ? setTimeout(() => controller.abort(), random.below(SOON_MS)) : undefined
  const timeoutMs = plan.temper === 'hasty' ? 1 + random.below(SOON_MS) : TIMEOUT_MS
  try {
    await mode(client, plan, { timeoutMs, signal: controller.signal })
  } catch (error) {
    const allowed: readonly Code[] = TEMPERS[plan.temper]
    const isAllowed = error instanceof ConnectError && allowed.includes(error.code)
    if (!isAllowed) faults.push(`a ${plan.temper} caller: ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

async function callAgainAndAgain(transport: ClientTransport, modes: readonly Mode[]): Promise<void> {
  const client = createClient(GreeterService, transport)
  for (let i = 0; i < CALLS; i++) await call(client, random.pick(modes), nextPlan())
}

/** Open calls; the servers of cancelled calls are notified a moment later. */
function findOpen(transports: readonly ClientTransport[]): string[] {
  return transports.flatMap((transport) => {
    const { calls, queuedPicks, addresses } = transport.inspect()
    const openCalls = calls.started - calls.succeeded - calls.failed
    const streams = addresses.flatMap(({ connections }) => connections.map(({ openStreams }) => openStreams))
    const openStreams = streams.reduce((sum, count) => sum + count, 0)
    const isOver = openCalls === 0 && queuedPicks === 0 && openStreams === 0
    return isOver ? [] : [`${openCalls} calls, ${queuedPicks} picks, ${openStreams} streams are left open`]
  })
}

async function settle(transports: readonly ClientTransport[]): Promise<void> {
  const startedAtMs = performance.now()
  while (findOpen(transports).length > 0 && performance.now() - startedAtMs < SETTLE_LIMIT_MS) await sleep(100)
  faults.push(...findOpen(transports))
}

const { fastify } = await createApp({ routes: echoRoutes })
const baseUrl = await fastify.listen({ port: 0, host: '127.0.0.1' })
const startedAtMs = performance.now()
const transports: ClientTransport[] = []
await Promise.all(
  WAYS.flatMap((way) => COMPRESSIONS.map((compression) => ({ ...way, ...compression }))).map(async (options) => {
    const transport = createTransport({ baseUrl, ...options })
    transports.push(transport)
    const modes = [unary, serverStream, clientStream, ...(options.httpVersion === '2' ? [bidiStream] : [])]
    await Promise.all(Array.from({ length: CALLERS }, () => callAgainAndAgain(transport, modes)))
  }),
)
await settle(transports)
const calls = transports.length * CALLERS * CALLS
const seconds = (performance.now() - startedAtMs) / 1_000
process.stdout.write(
  `${calls} calls by ${transports.length} transports: ${seconds.toFixed(1)} s, ${faults.length} faults\n`,
)
for (const fault of faults.slice(0, 20)) process.stdout.write(`VIOLATED  ${fault}\n`)
await Promise.all(transports.map((transport) => transport.close()))
await fastify.close()
process.exitCode = faults.length === 0 ? 0 : 1
