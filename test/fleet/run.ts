/** Runs the trial of a fleet: `node test/fleet/run.ts [calls per second]`. Ends with 1 where an expectation is violated. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runTrial } from './trial.ts'

const DEFAULT_CALLS_PER_SECOND = 2_000

const callsPerSecond = Number(process.argv[2] ?? DEFAULT_CALLS_PER_SECOND)
const folder = await mkdtemp(path.join(tmpdir(), 'fleet-'))
try {
  const { verdicts, report } = await runTrial({ callsPerSecond, folder })
  process.stdout.write(`${report}\n`)
  process.exitCode = verdicts.hold ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
