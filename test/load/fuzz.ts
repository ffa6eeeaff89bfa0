/**
 * Feeds mutated inputs to every reader of what strangers send: `node test/load/fuzz.ts --seconds 60 --seed 7`, each reader for so
 * long, two of them at a time. `--target 'header blocks'` takes one alone, in this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { CALL_TARGETS } from '../support/fuzz/call-targets.ts'
import { type FuzzTarget, fuzzOnce } from '../support/fuzz/fuzz-target.ts'
import { HTTP2_TARGETS } from '../support/fuzz/http2-targets.ts'
import { mutate } from '../support/fuzz/mutate.ts'
import { RESPONSE_TARGETS } from '../support/fuzz/response-target.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const TARGETS = [...HTTP2_TARGETS, ...CALL_TARGETS, ...RESPONSE_TARGETS]
/** For two cores. */
const PARALLEL = 2
/** A target that runs this much longer than requested hangs. */
const PATIENCE_MS = 30_000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    target: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
if (!(seconds > 0) || !Number.isSafeInteger(seed)) throw new Error('--seconds and --seed are numbers')

if (values.target === undefined) await fuzzAll()
else await fuzzOne(values.target)

/** Each target runs in its own process, so that one that hangs, or fails, ends alone. */
async function fuzzAll(): Promise<void> {
  process.stdout.write(`seed ${seed}\n`)
  const waiting = [...TARGETS]
  const worker = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      if (!(await passes(target))) process.exitCode = 1
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

async function passes({ name }: FuzzTarget): Promise<boolean> {
  const args = [import.meta.filename, '--target', name, '--seconds', values.seconds, '--seed', values.seed]
  const child = spawn(process.execPath, args, { stdio: 'inherit', timeout: seconds * 1_000 + PATIENCE_MS })
  const [code, signal] = await once(child, 'exit')
  if (signal !== null) process.stdout.write(`${name}: hangs\n`)
  return code === 0
}

/** An input that breaks a reader ends the process with an error that shows the input. */
async function fuzzOne(name: string): Promise<void> {
  const target = TARGETS.find((candidate) => candidate.name === name)
  if (target === undefined) throw new Error(`--target is one of ${TARGETS.map((it) => `"${it.name}"`).join(', ')}`)
  const random = new SeededRandom(seed)
  const endAt = performance.now() + seconds * 1_000
  let count = 0
  for (; performance.now() < endAt; count++) await fuzzOnce(target, mutate(random.pick(target.corpus), random))
  process.stdout.write(`${name}: ${count} inputs\n`)
}
