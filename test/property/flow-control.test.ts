/** Flow control invariant: in any order of events, no octet of a window is lost, and none is granted twice. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FLOW_STEPS, FlowBench, type FlowStep } from '../support/flow-bench.ts'

const RUNS = { seed: 20_261_128, numRuns: 400 }

const step: fc.Arbitrary<FlowStep> = fc.record({
  kind: fc.nat(FLOW_STEPS - 1),
  stream: fc.nat(20),
  size: fc.oneof(fc.nat(40), fc.nat(70_000)),
  flags: fc.nat(255),
})

describe.each(['server', 'client'] as const)('a %s', (role) => {
  test.each([
    ['that credits the connection on receipt', 0],
    ['with so many streams that it credits on consumption', 260],
  ])('%s: granted + owed + debt = window after every event', (_what, sleepers) => {
    let checked = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 120 }), (steps) => {
        const bench = new FlowBench({ role, sleepers })
        for (const each of steps) {
          bench.apply(each)
          bench.check()
          checked++
        }
        bench.end()
      }),
      RUNS,
    )
    expect(checked).toBeGreaterThan(RUNS.numRuns)
  })
})
