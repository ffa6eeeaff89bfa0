/** Mutates valid inputs into invalid ones. */
import type { SeededRandom } from '../seeded-random.ts'

type Mutation = (input: Buffer, random: SeededRandom) => Buffer

/** Bytes at which lengths, signs and text change their meaning. */
const EDGES = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x2f, 0x3a, 0x3b, 0x3d, 0x7f, 0x80, 0xfe, 0xff]
const MOST_MUTATIONS = 4
const MOST_OCTETS = 100_000

const MUTATIONS: readonly Mutation[] = [
  (input, random) => set(input, random.below(input.length), random.below(256)),
  (input, random) => set(input, random.below(input.length), random.pick(EDGES)),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => input.subarray(random.below(input.length + 1)),
  (input, random) => splice(input, random.below(input.length + 1), random.bytes(random.below(20))),
  (input, random) =>
    splice(input, random.below(input.length + 1), Buffer.alloc(random.below(2_000), random.pick(EDGES))),
  (input, random) => {
    const start = random.below(input.length)
    return splice(input, start, input.subarray(start, start + random.below(50)))
  },
  (input) => Buffer.concat([input, input]),
]

/** Changes an input in one to four places. */
export function mutate(input: Buffer, random: SeededRandom): Buffer {
  let mutated = input
  for (let left = 1 + random.below(MOST_MUTATIONS); left > 0; left--) {
    if (mutated.length === 0) return random.bytes(random.below(50))
    mutated = random.pick(MUTATIONS)(mutated, random)
  }
  return mutated.subarray(0, MOST_OCTETS)
}

function set(input: Buffer, at: number, octet: number): Buffer {
  const copy = Buffer.from(input)
  copy[at] = octet
  return copy
}

function splice(input: Buffer, at: number, middle: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), middle, input.subarray(at)])
}
