/**
 * The CPU time that each function of a server adds to a unary call over gRPC: `npm run bench:middleware -- [ROUNDS]`. The servers take
 * turns, so that what disturbs the machine disturbs all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PlaceRequestSchema, PlaceResponseSchema } from '../../test/gen/orders/v1/orders_pb.js'
import { requireTwoCores } from '../cores.ts'
import { checkExchange, type Exchange, enveloped } from '../exchange.ts'
import { h2load } from '../h2load.ts'
import { median } from '../report/statistics.ts'
import { table } from '../report/table.ts'
import { measureRate } from '../servers/measure-rate.ts'
import { GRPC_HEADERS, SMALL_CALL } from '../servers/unary.ts'
import { startServer } from '../start-server.ts'
import { MEASURED, type MeasuredMiddleware, type MeasuredName } from './middleware.ts'

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

const names = Object.keys(MEASURED) as MeasuredName[]
const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS)
/** By the name of the function and that of the call. */
const samples = new Map<string, number[]>()
for (let round = 0; round < rounds; round += 1) {
  for (const call of ['greeting', 'order'] as const) await take('none', call)
  for (const name of names.slice(1)) await take(name, MEASURED[name].call)
}

const rows = names.slice(1).map((name) => {
  const { title, call } = MEASURED[name]
  const [without, added] = [microseconds('none', call), microseconds(name, call) - microseconds('none', call)]
  return [title, `${without.toFixed(1)} µs`, `${added.toFixed(1)} µs`]
})
process.stdout.write(`${table(['function', 'a call without it', 'adds'], rows)}\n`)

/** Measures a fresh process. */
async function take(name: MeasuredName, call: 'greeting' | 'order'): Promise<void> {
  const args = [path.join(import.meta.dirname, 'server.ts'), name]
  await using server = await startServer({ program: process.execPath, args })
  const { address } = server
  const { headers = {} }: MeasuredMiddleware = MEASURED[name]
  const exchange = { ...CALLS[call], headers: { ...CALLS[call].headers, ...headers } }
  await checkExchange(address, exchange)
  const ground = {
    server,
    start: () => startServer({ program: process.execPath, args }),
    plan: PLAN,
    grpcGoLoad: '',
    folder,
  }
  const { perCpuSecond = Number.NaN } = await measureRate(ground, (seconds) =>
    h2load({ exchange, address, ...LOAD, seconds, folder }),
  )
  const key = `${name} ${call}`
  samples.set(key, [...(samples.get(key) ?? []), 1e6 / perCpuSecond])
  process.stderr.write(`${key}: ${(1e6 / perCpuSecond).toFixed(2)} µs\n`)
}

function microseconds(name: MeasuredName, call: string): number {
  return median(samples.get(`${name} ${call}`) ?? [])
}
