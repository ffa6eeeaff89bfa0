/** Flow control: in any order of events, no credit is lost and none is granted twice. */
import { FlowBench, type FlowStep } from '../flow-bench.ts'
import type { FuzzTarget } from './fuzz-target.ts'

/** Bytes per event. */
const STEP_OCTETS = 5

/** More make no difference. */
const MOST_STEPS = 100

/** Above this, a connection is credited on consumption. */
const MANY_SLEEPERS = 260

/** The first byte selects role and idle streams, every five bytes after it an event. */
export const flowControl: FuzzTarget = {
  name: 'flow control',
  corpus: [corpus(0), corpus(1), corpus(2), corpus(3)],
  stepsPerOctet: 1,
  run(input) {
    const [start = 0] = input
    const bench = new FlowBench({
      role: (start & 1) === 0 ? 'server' : 'client',
      sleepers: (start & 2) === 0 ? 0 : MANY_SLEEPERS,
    })
    const steps = stepsOf(input.subarray(1))
    for (const step of steps) {
      bench.apply(step)
      bench.check()
    }
    bench.end()
    return steps.length
  },
}

function stepsOf(octets: Buffer): FlowStep[] {
  const steps: FlowStep[] = []
  for (let at = 0; at + STEP_OCTETS <= octets.length && steps.length < MOST_STEPS; at += STEP_OCTETS) {
    const [kind = 0, stream = 0, , , flags = 0] = octets.subarray(at, at + STEP_OCTETS)
    steps.push({ kind, stream, size: octets.readUInt16BE(at + 2), flags })
  }
  return steps
}

/** Every kind of event a few times, in some order. */
function corpus(start: number): Buffer {
  const steps = Array.from({ length: 60 }, (_, i) => [i * 5, i >> 2, (i * 37) & 0xff, (i * 91) & 0xff, i * 3])
  return Buffer.from([start, ...steps.flat()])
}
