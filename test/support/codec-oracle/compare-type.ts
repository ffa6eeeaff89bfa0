/** Compares the codecs of one type with protobuf-es, over inputs that are generated for it. */
import type { DescMessage, Message, Registry } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'
import { BinaryComparison } from './binary-comparison.ts'
import { JsonComparison, type JsonOptions } from './json-comparison.ts'
import { JsonTexts, mutateText } from './json-texts.ts'
import { MessageValues } from './message-values.ts'
import { mutateOctets } from './mutate-octets.ts'
import { deepOctets, strayOctets } from './stray-octets.ts'
import { stretch } from './stretch.ts'
import { tamper } from './tamper.ts'

const BINARY_OPTIONS = [
  undefined,
  undefined,
  {},
  { readUnknownFields: false, writeUnknownFields: false },
  { recursionLimit: 3 },
]
const JSON_OPTIONS: readonly JsonOptions[] = [
  {},
  { ignoreUnknownFields: true },
  { ignoreUnknownFields: true, alwaysEmitImplicit: true },
  { useProtoFieldName: true, enumAsInteger: true },
  { recursionLimit: 3 },
]
const LIMITS = [
  { depth: 3, fields: 12, wrongOneIn: Number.POSITIVE_INFINITY },
  { depth: 2, fields: 30, wrongOneIn: Number.POSITIVE_INFINITY },
  { depth: 1, fields: 300, wrongOneIn: Number.POSITIVE_INFINITY },
  { depth: 2, fields: 10, wrongOneIn: 40 },
]
const BUDGETS = [0, 100, 1_000, 10_000, 100_000]
const DEPTHS = [1, 5, 98, 99, 100, 101, 150]

/** A type, and the registry with the types of its extensions and of what `google.protobuf.Any` contains. */
export interface ComparedType {
  readonly desc: DescMessage
  readonly registry?: Registry | undefined
}

/**
 * Compares `inputs` messages of a type, and the octets, texts and messages that derive from them.
 *
 * @returns how many comparisons were made
 * @throws CodecDifference for the first difference
 */
export function compareType({ desc, registry }: ComparedType, inputs: number, random: SeededRandom): number {
  const comparison = new TypeComparison({ desc, registry }, random)
  for (let left = inputs; left > 0; left--) comparison.compareOne()
  return comparison.count
}

class TypeComparison {
  readonly #desc: DescMessage
  readonly #random: SeededRandom
  readonly #binary: BinaryComparison
  readonly #json: JsonComparison
  #previous: Buffer = Buffer.alloc(0)
  /** The comparisons so far. */
  count = 0

  constructor({ desc, registry }: ComparedType, random: SeededRandom) {
    this.#desc = desc
    this.#random = random
    this.#binary = new BinaryComparison(desc, random.pick(BINARY_OPTIONS))
    this.#json = new JsonComparison(desc, { ...random.pick(JSON_OPTIONS), ...(registry !== undefined && { registry }) })
  }

  compareOne(): void {
    const random = this.#random
    const init = new MessageValues(random, random.pick(LIMITS)).init(this.#desc)
    const message = this.#create(init)
    if (message === null) return
    const octets = this.#encode(message)
    if (octets !== null) {
      this.#decode(octets)
      this.#decode(mutateOctets(octets, this.#previous, random))
      this.#budget(octets)
      this.#previous = octets
    }
    this.#decode(strayOctets(this.#desc, random))
    if (random.below(20) === 0) this.#decode(deepOctets(this.#desc, random.pick(DEPTHS), random))
    if (random.below(3) === 0) this.#encode(tamper(message, random))
    if (random.below(25) === 0) this.#encode(stretch(this.#desc, message, random))
    // Messages within plain objects.
    if (random.below(3) === 0) this.#create({ ...message })
    this.#compareTexts(message)
  }

  #compareTexts(message: Message): void {
    const random = this.#random
    const written = this.#write(message)
    if (written !== null) {
      this.#read(written)
      this.#read(mutateText(written, random))
    }
    if (random.below(4) === 0) this.#write(tamper(message, random))
    const text = new JsonTexts(random, random.pick([1_000, 30])).message(this.#desc)
    this.#read(text)
    this.#read(mutateText(text, random))
    if (random.below(3) > 0) return
    this.count++
    this.#json.read(text, random.pick(BUDGETS))
  }

  #create(init: unknown): Message | null {
    this.count++
    return this.#binary.create(init)
  }

  #encode(message: Message): Buffer | null {
    this.count++
    return this.#binary.encode(message)
  }

  /** What was decoded is encoded again, with its unknown fields. */
  #decode(octets: Uint8Array): void {
    this.count++
    const message = this.#binary.decode(octets, this.#random)
    if (message === null) return
    this.#encode(message)
    if (this.#random.below(3) === 0) this.#write(message)
  }

  #write(message: Message): string | null {
    this.count++
    return this.#json.write(message)
  }

  #read(text: string): void {
    this.count++
    this.#json.read(text)
  }

  #budget(octets: Uint8Array): void {
    if (this.#random.below(3) > 0) return
    this.count++
    this.#binary.budget(octets, this.#random.pick(BUDGETS))
  }
}
