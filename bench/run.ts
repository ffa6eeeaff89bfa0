/** The benchmarks: `npm run bench`. See `--help`, and docs/performance.md for what the figures mean. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildGoPrograms, buildTonicPrograms } from './build-peers.ts'
import { startClientCells } from './clients/client-cells.ts'
import { CLIENT_WORKLOADS } from './clients/client-workloads.ts'
import { clientsOf } from './clients/clients.ts'
import { CODEC_WORKLOADS, codecCells, codecsOf } from './codec/codec-cells.ts'
import { requireTwoCores } from './cores.ts'
import { type BenchOptions, helpText, readOptions } from './options.ts'
import { describeMachine } from './report/machine.ts'
import { reportOf, writePage, writeRaw } from './report/write-report.ts'
import { runCells } from './run-cells.ts'
import { SERVER_WORKLOADS, startServerCells } from './servers/server-cells.ts'
import { serversOf } from './servers/servers.ts'
import { findMissingTools } from './tools.ts'

const EXIT_USAGE = 2
const EXIT_SIGNALLED = 130

const names = {
  workloads: [...SERVER_WORKLOADS, ...CLIENT_WORKLOADS, ...CODEC_WORKLOADS].map(({ name }) => name),
  contestants: [...serversOf({ grpcGo: '', tonic: '' }), ...clientsOf(''), ...codecsOf({ grpcGo: '', prost: '' })].map(
    ({ name }) => name,
  ),
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(EXIT_SIGNALLED))
try {
  const options = readOptions(process.argv.slice(2), names)
  if (options === undefined) print(helpText(names))
  else await bench(options)
} catch (error) {
  process.stderr.write(`${sentencesOf(error)}\n`)
  process.exitCode = error instanceof RangeError || error instanceof TypeError ? EXIT_USAGE : 1
}

async function bench(options: BenchOptions): Promise<void> {
  requireTwoCores()
  const missing = await findMissingTools()
  if (missing.needed.length > 0) throw new Error(missing.needed.join('\n'))
  if (missing.cargo !== undefined) print(`tonic is left out: ${missing.cargo}`)
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  print('building what is not JavaScript')
  const go = await buildGoPrograms()
  const tonic = missing.cargo === undefined ? await buildTonicPrograms() : undefined
  const servers = cleanup.use(
    await startServerCells({
      servers: chosen(serversOf({ grpcGo: go.server, tonic: tonic?.server }), options.contestants),
      workloads: chosen(SERVER_WORKLOADS, options.workloads),
      plan: options,
      grpcGoLoad: go.load,
      folder,
    }),
  )
  const clients = cleanup.use(
    await startClientCells({
      clients: chosen(clientsOf(go.client), options.contestants),
      workloads: chosen(CLIENT_WORKLOADS, options.workloads),
      plan: options,
      grpcGoServer: go.server,
    }),
  )
  const codecs = codecCells(
    chosen(codecsOf({ grpcGo: go.codec, prost: tonic?.codec }), options.contestants),
    chosen(CODEC_WORKLOADS, options.workloads),
    options,
  )
  const results = await runCells([...servers.cells, ...clients.cells, ...codecs], options.rounds, print)
  const { rounds, seconds, warmUpSeconds } = options
  const run = { machine: await describeMachine(), plan: { rounds, seconds, warmUpSeconds }, results }
  print(`\n${reportOf(run)}`)
  print(`all samples: ${await writeRaw(run)}`)
  if (options.isWhole) print(`tables: ${await writePage(run)}`)
}

/** No names choose all. */
function chosen<T extends { readonly name: string }>(all: readonly T[], only: readonly string[]): readonly T[] {
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name))
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** The message of an error, and of its causes. */
function sentencesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${sentencesOf(error.cause)}`
}
