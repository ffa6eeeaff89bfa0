/**
 * What a second worker is worth on a machine with two cores, beside grpc-go on two threads: `npm run bench:workers -- [ROUNDS]`. The
 * servers use both cores, as the load does. They take turns, so that what disturbs the machine disturbs all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildGoPrograms } from '../build-peers.ts'
import { type Program, requireTwoCores } from '../cores.ts'
import { checkExchange } from '../exchange.ts'
import { h2load } from '../h2load.ts'
import { median } from '../report/statistics.ts'
import { table } from '../report/table.ts'
import { measureRate } from '../servers/measure-rate.ts'
import { SMALL_CALL } from '../servers/unary.ts'
import { startServer } from '../start-server.ts'

const DEFAULT_ROUNDS = 5
const PLAN = { rounds: 1, seconds: 3, warmUpSeconds: 2 }
const LOAD = { connections: 8, streams: 32 }

requireTwoCores()
await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'workers-'))
cleanup.defer(() => rm(folder, { recursive: true }))

const ours = (...flags: readonly string[]): Program => ({
  program: process.execPath,
  args: [path.join(import.meta.dirname, 'server.ts'), ...flags],
})
const go = await buildGoPrograms()
const subjects: readonly (readonly [title: string, program: Program])[] = [
  ['Portico, one process', ours()],
  ['Portico, two workers', ours('--workers', '2')],
  ['grpc-go, GOMAXPROCS=2', { program: 'env', args: ['GOMAXPROCS=2', go.server] }],
]
const samples = subjects.map(([title, program]) => ({ title, program, rates: [] as number[], perCpu: [] as number[] }))
for (let round = 0; round < Number(process.argv[2] ?? DEFAULT_ROUNDS); round += 1) {
  for (const { title, program, rates, perCpu } of samples) {
    const { rate = Number.NaN, perCpuSecond = Number.NaN } = await measure(program)
    rates.push(rate)
    perCpu.push(perCpuSecond)
    process.stderr.write(`${title}: ${rate.toFixed(0)} calls/s, ${perCpuSecond.toFixed(0)} per CPU second\n`)
  }
}
const [one] = samples
const rows = samples.map(({ title, rates, perCpu }) => [
  title,
  median(rates).toFixed(0),
  median(perCpu).toFixed(0),
  `${(median(perCpu) / median(one?.perCpu ?? [])).toFixed(2)}x`,
])
process.stdout.write(`${table(['server', 'calls/s', 'calls per CPU second', 'of one process'], rows)}\n`)

async function measure(program: Program) {
  await using server = await startServer(program, (unbound) => unbound)
  const { address } = server
  await checkExchange(address, SMALL_CALL)
  const ground = { server, start: () => startServer(program), plan: PLAN, grpcGoLoad: '', folder }
  return await measureRate(ground, (seconds) => h2load({ exchange: SMALL_CALL, address, ...LOAD, seconds, folder }))
}
