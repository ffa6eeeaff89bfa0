/**
 * Measures REST against plain Fastify, Connect, gRPC and Envoy's transcoder: `npm run bench:rest -- [ROUNDS [SECONDS]]`. The servers
 * take turns, each round once, so that what disturbs the machine disturbs all of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { requireTwoCores } from '../cores.ts'
import { tablesOf } from '../report/tables.ts'
import { runCells } from '../run-cells.ts'
import { startServer } from '../start-server.ts'
import { createRestCells } from './rest-cells.ts'
import { startTranscodingEnvoy } from './transcoding-envoy.ts'

const DEFAULT_ROUNDS = 3
const DEFAULT_SECONDS = 3
const WARM_UP_SECONDS = 1

const [rounds = DEFAULT_ROUNDS, seconds = DEFAULT_SECONDS] = process.argv.slice(2).map(Number)
if (!(rounds >= 1 && seconds > 0)) throw new Error('usage: npm run bench:rest -- [ROUNDS [SECONDS]]')

requireTwoCores()
await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'rest-'))
cleanup.defer(() => rm(folder, { recursive: true }))

const node = (file: string) => ({ program: process.execPath, args: [path.join(import.meta.dirname, file)] })
const portico = cleanup.use(await startServer(node('portico.ts')))
const fastify = cleanup.use(await startServer(node('fastify.ts')))
const envoy = cleanup.use(await startTranscodingEnvoy(node('portico.ts'), folder))

const plan = { rounds, seconds, warmUpSeconds: Math.min(WARM_UP_SECONDS, seconds) }
const cells = await createRestCells({ portico, fastify, envoy }, { plan, folder })
const results = await runCells(cells, rounds, (line) => process.stderr.write(`${line}\n`))
process.stdout.write(`${tablesOf(results)}\n`)
