/** Searches for inputs of which the compiled codecs and protobuf-es make different things. */
import { SeededRandom } from '../seeded-random.ts'
import { type ComparedType, compareType } from './compare-type.ts'
import { describeTypes } from './described-files.ts'
import { TEST_FILES, TEST_MESSAGES } from './test-messages.ts'

/** Inputs per type of a round. Compiling the type costs more than a few of them. */
const INPUTS_PER_TYPE = 20

/** Types to compare the codecs of, different ones in each round. */
export interface CodecCampaign {
  readonly name: string
  typesOf(random: SeededRandom): readonly ComparedType[]
}

/** The types that use every feature, of which there are few. */
const LARGE_MESSAGES = TEST_MESSAGES.filter(({ fields }) => fields.length > 50)

/** All campaigns. */
export const CODEC_CAMPAIGNS: readonly CodecCampaign[] = [
  {
    name: 'codecs of the test messages',
    typesOf: (random) =>
      [LARGE_MESSAGES, TEST_MESSAGES].map((types) => ({ desc: random.pick(types), registry: TEST_FILES })),
  },
  {
    name: 'codecs of generated types',
    typesOf(random) {
      const { types, registry } = describeTypes(random)
      return types.map((desc) => ({ desc, registry: random.below(2) === 0 ? registry : undefined }))
    },
  },
]

/**
 * Runs rounds until `cases` comparisons were made.
 *
 * @param seed that of the first round; the next one has the next
 * @returns how many comparisons were made
 * @throws Error with the seed of the round and a CodecDifference
 */
export function runCampaign({ typesOf, name }: CodecCampaign, seed: number, cases: number): number {
  let count = 0
  for (let round = seed; count < cases; round++) {
    const random = new SeededRandom(round)
    try {
      for (const type of typesOf(random)) count += compareType(type, INPUTS_PER_TYPE, random)
    } catch (error) {
      throw new Error(`${name}, with seed ${round}`, { cause: error })
    }
  }
  return count
}
