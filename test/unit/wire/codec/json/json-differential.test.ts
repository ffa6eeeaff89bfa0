/** Compiled codecs write the texts of protobuf-es, and read what it reads, as the same messages and with the same errors. */
import { create, type DescMessage, type FileRegistry, type Message } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { describeTypes } from '../../../../support/codec-oracle/described-files.ts'
import { isReadByOracle, JsonComparison, type JsonOptions } from '../../../../support/codec-oracle/json-comparison.ts'
import { MessageValues } from '../../../../support/codec-oracle/message-values.ts'
import { mutateJson } from '../../../../support/codec-oracle/mutate-json.ts'
import { tamper } from '../../../../support/codec-oracle/tamper.ts'
import { TEST_FILES, TEST_MESSAGES } from '../../../../support/codec-oracle/test-messages.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'

const LIMITS = [
  { depth: 3, fields: 12, wrongOneIn: Number.POSITIVE_INFINITY },
  { depth: 1, fields: 300, wrongOneIn: Number.POSITIVE_INFINITY },
  { depth: 2, fields: 10, wrongOneIn: 40 },
]
const BUDGETS = [0, 100, 1_000, 10_000, 100_000]

test('messages of the test types of protobuf', () => {
  const random = new SeededRandom(11)
  const texts = TEST_MESSAGES.map((desc) => compareType(desc, { registry: TEST_FILES, random, messages: 8 }))
  expect(sum(texts)).toBeGreaterThan(100)
})

test('messages of types that are generated', () => {
  const texts: number[] = []
  for (let seed = 1; seed <= 12; seed++) {
    const random = new SeededRandom(seed)
    const { types, registry } = describeTypes(random)
    for (const desc of types) texts.push(compareType(desc, { registry, random, messages: 6 }))
  }
  expect(sum(texts)).toBeGreaterThan(100)
})

interface Comparing {
  readonly registry: FileRegistry
  readonly random: SeededRandom
  readonly messages: number
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Returns the number of messages that have a text. */
function compareType(desc: DescMessage, { registry, random, messages }: Comparing): number {
  const chance = () => random.below(2) === 0
  const options: JsonOptions = {
    alwaysEmitImplicit: chance(),
    enumAsInteger: chance(),
    useProtoFieldName: chance(),
    ignoreUnknownFields: chance(),
    ...(chance() && { registry }),
    ...(chance() && { recursionLimit: 1 + random.below(6) }),
    ...(chance() && { prettySpaces: random.below(3) }),
  }
  const comparison = new JsonComparison(desc, options)
  let texts = 0
  for (let left = messages; left > 0; left--) {
    const message = messageOf(desc, random)
    if (message !== null && compareMessage({ comparison, message, desc, random })) texts++
  }
  return texts
}

function messageOf(desc: DescMessage, random: SeededRandom): Message | null {
  const init = new MessageValues(random, random.pick(LIMITS)).init(desc)
  try {
    return create(desc, init) as Message
  } catch {
    return null
  }
}

/** Returns whether the message has a text. */
function compareMessage(input: {
  readonly comparison: JsonComparison
  readonly message: Message
  readonly desc: DescMessage
  readonly random: SeededRandom
}): boolean {
  const { comparison, message, desc, random } = input
  comparison.write(tamper(message, random))
  const text = comparison.write(message)
  if (text === null || !isReadByOracle(desc)) return text !== null
  comparison.read(text)
  comparison.read(text, random.pick(BUDGETS))
  for (let left = 3; left > 0; left--) {
    const read = comparison.read(mutateJson(JSON.parse(text), desc, random))
    if (read !== null) comparison.write(read)
  }
  return true
}
