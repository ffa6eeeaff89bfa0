/**
 * Shows where the time of a call goes: `npm run bench:profile` loads our server under the profiler and prints, for some workloads,
 * the microseconds of CPU that each layer takes of a call or message. With `--write` the tables go to docs/performance.md.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildGoPrograms } from '../build-peers.ts'
import { table } from '../report/table.ts'
import { replaceBetween } from '../report/write-report.ts'
import { SERVER_WORKLOADS } from '../servers/server-cells.ts'
import type { ServerWorkload } from '../servers/server-workload.ts'
import { startServer } from '../start-server.ts'
import { layersOf } from './layers.ts'

const WORKLOADS = ['unary-11', 'headers', 'connect-json', 'server-stream', 'client-stream']
const PLAN = { rounds: 1, seconds: 5, warmUpSeconds: 2 }
/** Smaller shares are combined. */
const MIN_SHARE = 0.01
const PAGE = path.resolve(import.meta.dirname, '../../docs/performance.md')
const ROOT = path.resolve(import.meta.dirname, '..')

const folder = await mkdtemp(path.join(tmpdir(), 'profile-'))
try {
  const { load } = await buildGoPrograms()
  const sections: string[] = []
  for (const workload of SERVER_WORKLOADS) {
    if (WORKLOADS.includes(workload.name)) sections.push(await profile(workload, load))
  }
  const report = sections.join('\n')
  process.stdout.write(`${report}\n`)
  if (process.argv.includes('--write')) {
    await writeFile(PAGE, replaceBetween(await readFile(PAGE, 'utf8'), 'profile', report))
  }
} finally {
  await rm(folder, { recursive: true })
}

async function profile(workload: ServerWorkload, grpcGoLoad: string): Promise<string> {
  const file = path.join(folder, `${workload.name}.cpuprofile`)
  process.env.PROFILE_FILE = file
  const args = ['--import', path.join(ROOT, 'profile/record.ts'), path.join(ROOT, 'servers/portico.ts'), 'native']
  await using server = await startServer({ program: process.execPath, args })
  const start = () => startServer({ program: process.execPath, args })
  const ground = { server, start, plan: PLAN, grpcGoLoad, folder }
  // The first load compiles what is hot; the profile is of the second.
  await workload.measure(ground)
  server.signal('SIGUSR2')
  const { perCpuSecond = Number.NaN } = await workload.measure(ground)
  server.signal('SIGUSR2')
  const layers = layersOf(JSON.parse(await written(file)))
  const microseconds = 1e6 / perCpuSecond
  const shown = layers.filter(({ share }) => share >= MIN_SHARE)
  const rest = 1 - shown.reduce((sum, { share }) => sum + share, 0)
  const rows = [...shown, { layer: 'the rest', share: rest }].map(({ layer, share }) => [
    layer,
    `${(share * microseconds).toFixed(2)} µs`,
    `${Math.round(share * 100)} %`,
  ])
  return `#### ${workload.title}: ${microseconds.toFixed(2)} µs\n\n${table(['', 'CPU time', 'share'], rows)}\n`
}

/** The file appears shortly after the signal. */
async function written(file: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    await sleep(100)
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text.endsWith('}')) return text
  }
  throw new Error('the server has not written its profile')
}
