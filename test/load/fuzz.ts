/** Feeds mutated inputs to every reader of what strangers send, for as long as is asked: `node test/load/fuzz.ts --seconds 60`. */
import { parseArgs } from 'node:util'
import { CALL_TARGETS } from '../support/fuzz/call-targets.ts'
import { type FuzzTarget, fuzzOnce } from '../support/fuzz/fuzz-target.ts'
import { HTTP2_TARGETS } from '../support/fuzz/http2-targets.ts'
import { mutate } from '../support/fuzz/mutate.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
})
const targets = [...HTTP2_TARGETS, ...CALL_TARGETS]
const shareMs = (Number(values.seconds) * 1_000) / targets.length

process.stdout.write(`seed ${values.seed}\n`)
for (const target of targets) process.stdout.write(`${target.name}: ${await fuzz(target)} inputs\n`)

/** An input that a reader cannot bear ends the process with an error that shows it. */
async function fuzz(target: FuzzTarget): Promise<number> {
  const random = new SeededRandom(Number(values.seed))
  const endAt = performance.now() + shareMs
  let count = 0
  for (; performance.now() < endAt; count++) await fuzzOnce(target, mutate(random.pick(target.corpus), random))
  return count
}
