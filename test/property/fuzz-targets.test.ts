/** Parsers of untrusted input throw only their documented errors, never hang, and take time linear in their input. */
import { expect, test } from 'vitest'
import { repetitions } from '../support/depth.ts'
import { CALL_TARGETS } from '../support/fuzz/call-targets.ts'
import { fuzzOnce } from '../support/fuzz/fuzz-target.ts'
import { HTTP2_TARGETS } from '../support/fuzz/http2-targets.ts'
import { mutate } from '../support/fuzz/mutate.ts'
import { RESPONSE_TARGETS } from '../support/fuzz/response-target.ts'
import { websocketFrames } from '../support/fuzz/websocket-target.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const SEED = 1_583
const INPUTS = repetitions({ narrow: 600, deep: 3_000 })

test.each([...HTTP2_TARGETS, ...CALL_TARGETS, ...RESPONSE_TARGETS, websocketFrames])('$name', async (target) => {
  const random = new SeededRandom(SEED)
  for (const input of target.corpus) await fuzzOnce(target, input)
  for (let n = 0; n < INPUTS; n++) await fuzzOnce(target, mutate(random.pick(target.corpus), random))
  expect(target.corpus.length).toBeGreaterThan(0)
})

test('a target that throws, or is too slow, is reported with its input', async () => {
  const target = { name: 'bad', corpus: [], stepsPerOctet: 1, run: () => 1_000 }
  await expect(fuzzOnce(target, Buffer.from('abc'))).rejects.toThrow('bad: YWJj')
})
