/**
 * Feeds mutated inputs to every reader of what strangers send: `node test/load/fuzz.ts --seconds 60 --seed 7`, each reader for so
 * long, two of them at a time; then compares the codecs with protobuf-es, `--cases` times in all. `--target 'header blocks'` takes one
 * alone, in this process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { canGenerateCode } from '../../wire/codec/function-source.ts'
import { CODEC_CAMPAIGNS, runCampaign } from '../support/codec-oracle/campaigns.ts'
import { CALL_TARGETS } from '../support/fuzz/call-targets.ts'
import { type FuzzTarget, fuzzOnce } from '../support/fuzz/fuzz-target.ts'
import { HTTP2_TARGETS } from '../support/fuzz/http2-targets.ts'
import { mutate } from '../support/fuzz/mutate.ts'
import { RESPONSE_TARGETS } from '../support/fuzz/response-target.ts'
import { websocketFrames } from '../support/fuzz/websocket-target.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const TARGETS = [...HTTP2_TARGETS, ...CALL_TARGETS, ...RESPONSE_TARGETS, websocketFrames]
/** For two cores. */
const PARALLEL = 2
/** A target that runs this much longer than requested hangs. */
const PATIENCE_MS = 30_000
/** Enough for one comparison of codecs on a busy machine. */
const MS_PER_CASE = 5
/** Codecs run as generated code, and as closures where that is forbidden. */
const CODEC_FLAGS = [[], ['--disallow-code-generation-from-strings']]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    cases: { type: 'string', default: '1000000' },
    target: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const cases = Number(values.cases)
if (!(seconds > 0) || !Number.isSafeInteger(seed) || !(cases > 0)) {
  throw new Error('--seconds, --seed and --cases are numbers')
}

if (values.target === undefined) await fuzzAll()
else await fuzzOne(values.target)

/** One target in a process of its own. */
interface Job {
  readonly name: string
  readonly flags: readonly string[]
  readonly cases: number
  readonly timeoutMs: number
}

function jobs(): Job[] {
  const timeoutMs = seconds * 1_000 + PATIENCE_MS
  const readers = TARGETS.map(({ name }) => ({ name, flags: [], cases, timeoutMs }))
  const share = Math.ceil(cases / (CODEC_CAMPAIGNS.length * CODEC_FLAGS.length))
  const codecs = CODEC_CAMPAIGNS.flatMap(({ name }) =>
    CODEC_FLAGS.map((flags) => ({ name, flags, cases: share, timeoutMs: share * MS_PER_CASE + PATIENCE_MS })),
  )
  return [...readers, ...codecs]
}

/** Each target runs in its own process, so that one that hangs, or fails, ends alone. */
async function fuzzAll(): Promise<void> {
  process.stdout.write(`seed ${seed}\n`)
  const waiting = jobs()
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      if (!(await passes(job))) process.exitCode = 1
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

async function passes(job: Job): Promise<boolean> {
  const { seconds, seed } = values
  const args = ['--target', job.name, '--seconds', seconds, '--seed', seed, '--cases', String(job.cases)]
  const options = { stdio: 'inherit', timeout: job.timeoutMs } as const
  const child = spawn(process.execPath, [...job.flags, import.meta.filename, ...args], options)
  const [code, signal] = await once(child, 'exit')
  if (signal !== null) process.stdout.write(`${job.name}: hangs\n`)
  return code === 0
}

/** An input that breaks a reader, or that codecs differ on, ends the process with an error that shows the input. */
async function fuzzOne(name: string): Promise<void> {
  const campaign = CODEC_CAMPAIGNS.find((candidate) => candidate.name === name)
  if (campaign !== undefined) {
    const how = canGenerateCode() ? 'generated code' : 'closures'
    const count = runCampaign(campaign, seed, cases)
    process.stdout.write(`${name}, ${how}: ${count} comparisons\n`)
    return
  }
  const target = TARGETS.find((candidate) => candidate.name === name)
  if (target === undefined) {
    const names = [...TARGETS, ...CODEC_CAMPAIGNS].map((it) => `"${it.name}"`)
    throw new Error(`--target is one of ${names.join(', ')}`)
  }
  await fuzzReader(target)
}

async function fuzzReader(target: FuzzTarget): Promise<void> {
  const random = new SeededRandom(seed)
  const endAt = performance.now() + seconds * 1_000
  let count = 0
  for (; performance.now() < endAt; count++) await fuzzOnce(target, mutate(random.pick(target.corpus), random))
  process.stdout.write(`${target.name}: ${count} inputs\n`)
}
