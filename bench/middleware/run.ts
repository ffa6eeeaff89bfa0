/**
 * The CPU time that each function of a server adds to a unary call over gRPC, and the same on grpc-go: `npm run bench:middleware --
 * [ROUNDS]`. The servers take turns, so that what disturbs the machine disturbs all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PlaceRequestSchema, PlaceResponseSchema } from '../../test/gen/orders/v1/orders_pb.js'
import { buildGoPrograms } from '../build-peers.ts'
import { requireTwoCores } from '../cores.ts'
import { checkExchange, type Exchange, enveloped } from '../exchange.ts'
import { h2load } from '../h2load.ts'
import { median } from '../report/statistics.ts'
import { table } from '../report/table.ts'
import { measureRate } from '../servers/measure-rate.ts'
import { GRPC_HEADERS, SMALL_CALL } from '../servers/unary.ts'
import { startServer } from '../start-server.ts'
import { MEASURED, MEASURED_GRPC_GO, type MeasuredMiddleware } from './middleware.ts'

const DEFAULT_ROUNDS = 5
const PLAN = { rounds: 1, seconds: 4, warmUpSeconds: 2 }
const LOAD = { connections: 8, streams: 32 }

const ORDER: Exchange = {
  path: '/orders.v1.OrderService/Place',
  headers: GRPC_HEADERS,
  request: enveloped(PlaceRequestSchema, { item: 'pen', quantity: 1, address: { city: 'Rome' }, tags: ['red'] }),
  reply: enveloped(PlaceResponseSchema, { id: 'pen' }),
  http1: false,
}
const CALLS: Readonly<Record<'greeting' | 'order', Exchange>> = { greeting: SMALL_CALL, order: ORDER }

requireTwoCores()
await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'middleware-'))
cleanup.defer(() => rm(folder, { recursive: true }))

/** A server that is measured. */
interface Subject {
  readonly title: string
  readonly call: 'greeting' | 'order'
  readonly headers?: Readonly<Record<string, string>>
  readonly program: string
  readonly args: readonly string[]
}

const script = path.join(import.meta.dirname, 'server.ts')
const ours = (name: string, { title, call, headers = {} }: MeasuredMiddleware): Subject => ({
  ...{ title, call, headers },
  ...{ program: process.execPath, args: [script, name] },
})
const { observed } = await buildGoPrograms()
const onGo = Object.entries(MEASURED_GRPC_GO).map(
  ([name, peer]): Subject => ({ call: 'greeting', ...peer, program: observed, args: [name] }),
)
const own = Object.entries<MeasuredMiddleware>(MEASURED).map(([name, each]) => ours(name, each))
const [greetings, orders] = (['greeting', 'order'] as const).map((call) => ours('none', { ...MEASURED.none, call }))
const baselineOf = (subject: Subject) =>
  subject.program === observed ? onGo[0] : subject.call === 'order' ? orders : greetings

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS)
const subjects = [greetings, orders, ...own.slice(1), ...onGo].filter((subject) => subject !== undefined)
const samples = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [subject, taken] of samples) taken.push(await measure(subject))
}
process.stdout.write(`Portico\n\n${tableOf(own.slice(1))}\n\ngrpc-go\n\n${tableOf(onGo.slice(1))}\n`)

function tableOf(rows: readonly Subject[]): string {
  const cells = rows.map((subject) => {
    const [without, withIt] = [microseconds(baselineOf(subject)), microseconds(subject)]
    return [subject.title, `${without.toFixed(1)} µs`, `${(withIt - without).toFixed(1)} µs`]
  })
  return table(['function', 'a call without it', 'adds'], cells)
}

/** Measures a fresh process, and returns the CPU time of a call in microseconds. */
async function measure({ call, headers = {}, ...program }: Subject): Promise<number> {
  await using server = await startServer(program)
  const { address } = server
  const exchange = { ...CALLS[call], headers: { ...CALLS[call].headers, ...headers } }
  await checkExchange(address, exchange)
  const ground = { server, start: () => startServer(program), plan: PLAN, grpcGoLoad: '', folder }
  const { perCpuSecond = Number.NaN } = await measureRate(ground, (seconds) =>
    h2load({ exchange, address, ...LOAD, seconds, folder }),
  )
  process.stderr.write(`${[...program.args].at(-1)} ${call}: ${(1e6 / perCpuSecond).toFixed(2)} µs\n`)
  return 1e6 / perCpuSecond
}

function microseconds(subject: Subject | undefined): number {
  return median((subject && samples.get(subject)) ?? [])
}
