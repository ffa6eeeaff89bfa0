/** A text with 64-bit integers as numbers says what the same text says with strings. */
import { toJson } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { JsonMessageReader } from '../../wire/json/json-message-reader.ts'
import { NUMBER_TYPES, NumbersSchema } from '../support/number-schema.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const SEED = 71
const MESSAGES = 2_000
const reader = new JsonMessageReader(NumbersSchema, { registry: NUMBER_TYPES })

test('random messages read from numbers equal those read from strings', () => {
  const random = new SeededRandom(SEED)
  for (let count = 0; count < MESSAGES; count++) {
    const message = randomMessage(random, 3)
    const text = JSON.stringify(message)
    const read = toJson(NumbersSchema, reader.read(asNumbers(text, random)), { registry: NUMBER_TYPES })
    expect(read).toEqual(message)
  }
})

/** The canonical JSON of a message, in which every string of digits is a 64-bit integer, or the key of a map. */
function randomMessage(random: SeededRandom, depth: number): Record<string, unknown> {
  const signed = () => String(BigInt.asIntN(64, bits(random)) || 1n)
  const unsigned = () => String(BigInt.asUintN(64, bits(random)) || 1n)
  const fields: Record<string, () => unknown> = {
    i64: signed,
    u64: unsigned,
    s64: signed,
    f64: unsigned,
    sf64: signed,
    list: () => [signed(), signed()],
    byName: () => ({ __proto__x: signed(), b: signed() }),
    byId: () => ({ [signed()]: unsigned() }),
    chosen: signed,
    wrapped: signed,
    uwrapped: unsigned,
    wrappers: () => [signed()],
    extended: () => ({ '[numbers.v1.more]': unsigned(), '[numbers.v1.many]': [signed(), signed()] }),
    any: () => ({ '@type': 'type.googleapis.com/google.protobuf.UInt64Value', value: unsigned() }),
    ...(depth > 0 && {
      child: () => randomMessage(random, depth - 1),
      children: () => [randomMessage(random, depth - 1), randomMessage(random, 0)],
    }),
  }
  const names = Object.keys(fields).filter(() => random.below(3) === 0)
  return Object.fromEntries(names.map((name) => [name, fields[name]?.()]))
}

function bits(random: SeededRandom): bigint {
  return random.bytes(8).readBigUInt64BE() >> BigInt(random.below(64))
}

/** Takes the quotes off the integers, and writes some in another form of the same number. */
function asNumbers(text: string, random: SeededRandom): string {
  return text.replace(/"(-?\d+)"(?!:)/g, (quoted, digits: string) => {
    switch (random.below(5)) {
      case 0:
        return quoted
      case 1:
        return `${digits}.${'0'.repeat(1 + random.below(20))}`
      case 2:
        return `${digits}0e-1`
      case 3:
        return exponentOf(digits)
      default:
        return digits
    }
  })
}

function exponentOf(digits: string): string {
  const [, sign = '', first = '', rest = ''] = /^(-?)(\d)(\d*)$/.exec(digits) ?? []
  return rest === '' ? digits : `${sign}${first}.${rest}E+${rest.length}`
}
