/** Both lanes of one service receive the same calls: their differences are in a list, with the reason. */
import { expect, onTestFinished, test } from 'vitest'
import type { Lane } from '../../server/rpc/lane.ts'
import { startRoutes } from '../support/demo-server.ts'
import { isDeep, repetitions } from '../support/depth.ts'
import { type GeneratedCall, generateCall } from '../support/differential/call-generator.ts'
import { CommandedService } from '../support/differential/commanded-service.ts'
import { MAX_RECEIVE_BYTES } from '../support/differential/draft.ts'
import { type Observation, ObservedServer } from '../support/differential/observe-call.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type Difference, LANE_DIFFERENCES } from './lane-differences.ts'

const SEED = 7
const CALLS = repetitions({ narrow: 2_000, deep: 4_000 })
const AT_ONCE = 8

test('both lanes behave the same, except for the listed differences, all of which occur', {
  timeout: 120_000,
}, async () => {
  const [reference, native] = [await startLane('reference'), await startLane('native')]
  const random = new SeededRandom(SEED)
  const unlisted: string[] = []
  const seen = new Set<string>()
  let next = 0
  const worker = async () => {
    while (next < CALLS) {
      const call = generateCall(random, `call-${next++}`)
      const [expected, actual] = await Promise.all([reference.observe(call), native.observe(call)])
      for (const difference of differencesOf(expected, actual)) {
        const reason = LANE_DIFFERENCES.find(({ explains }) =>
          explains(difference, { call, reference: expected, native: actual }),
        )
        if (reason === undefined) unlisted.push(describe(difference, call))
        else seen.add(reason.reason)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect(unlisted).toEqual([])
  // Half of the calls need not meet the rarest differences.
  if (isDeep) expect(LANE_DIFFERENCES.map(({ reason }) => reason).filter((reason) => !seen.has(reason))).toEqual([])
  expect(seen.size).toBeGreaterThan(LANE_DIFFERENCES.length / 2)
})

async function startLane(lane: Lane): Promise<ObservedServer> {
  const service = new CommandedService()
  const app = await startRoutes({ lane, routes: service.routes, readMaxBytes: MAX_RECEIVE_BYTES })
  const server = new ObservedServer(app.origin, service)
  onTestFinished(() => server.close())
  return server
}

function differencesOf(reference: Observation, native: Observation): Difference[] {
  const facts = new Set([...reference.keys(), ...native.keys()])
  return [...facts]
    .map((fact) => ({ fact, reference: reference.get(fact), native: native.get(fact) }))
    .filter((difference) => difference.reference !== difference.native)
}

function describe(difference: Difference, call: GeneratedCall): string {
  const { method, protocol, codec, httpVersion, oddities, commands, init } = call
  const how = `${protocol} ${codec} HTTP/${httpVersion} ${init.method} ${method} [${commands}]`
  return `${how} {${oddities}}: ${difference.fact}: ${difference.reference} / ${difference.native}`
}
