/** Runs the trial of a fleet: `node test/fleet/run.ts [calls per second]`. Ends with 1 where an expectation is violated. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { filePlace } from './fleet-place.ts'
import { runTrial, type Trial } from './trial.ts'

const DEFAULT_CALLS_PER_SECOND = 2_000

/** Takes about half a minute. */
async function scenario(trial: Trial): Promise<void> {
  const [killed, stopped, leaving] = trial.serving
  if (killed === undefined || stopped === undefined || leaving === undefined) throw new Error('too few servers')
  await trial.lose(killed, 'SIGKILL')
  await trial.lose(stopped, 'SIGSTOP')
  await trial.leave(leaving)
  await trial.expectShares('after SIGTERM')
  const [fickle] = await trial.join(2, 'fickle')
  if (fickle === undefined) throw new Error('no server joined')
  await trial.expectShares('after two joined')
  await trial.fallIll(fickle)
}

const callsPerSecond = Number(process.argv[2] ?? DEFAULT_CALLS_PER_SECOND)
const folder = await mkdtemp(path.join(tmpdir(), 'fleet-'))
try {
  const { verdicts, report } = await runTrial({ callsPerSecond, place: filePlace(folder), scenario })
  process.stdout.write(`${report}\n`)
  process.exitCode = verdicts.hold ? 0 : 1
} finally {
  await rm(folder, { recursive: true })
}
