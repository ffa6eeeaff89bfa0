/** The binary codecs of one type, compared with protobuf-es input by input. */
import {
  type BinaryReadOptions,
  type BinaryWriteOptions,
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf'
import { type MessageCreator, messageCreator } from '../../../wire/codec/create/message-creator.ts'
import { type MessageDecoder, messageDecoder } from '../../../wire/codec/decode/message-decoder.ts'
import { HEADROOM_BYTES, type MessageEncoder, messageEncoder } from '../../../wire/codec/encode/message-encoder.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { objectsOf, show } from './find-difference.ts'
import { CodecDifference, differenceOf, type Outcome, outcomeOf } from './outcome.ts'

/** Too large for any message of these tests to exceed. */
const AMPLE_BYTES = 2 ** 45
/** What surrounds a message in its chunk: numbers that continue, tags that fit, the ends of groups. */
const SURROUNDINGS = [0x00, 0x08, 0x0c, 0x80, 0xff]

/** Compares; throws CodecDifference for the first two results that are not the same. */
export class BinaryComparison {
  readonly #desc: DescMessage
  readonly #options: Partial<BinaryReadOptions & BinaryWriteOptions> | undefined
  readonly #encoder: MessageEncoder
  readonly #decoder: MessageDecoder
  readonly #creator: MessageCreator

  constructor(desc: DescMessage, options?: Partial<BinaryReadOptions & BinaryWriteOptions>) {
    this.#desc = desc
    this.#options = options
    this.#encoder = messageEncoder(desc, { kind: 'compiled', options })
    this.#decoder = messageDecoder(desc, { kind: 'compiled', options, budgetBytes: AMPLE_BYTES })
    this.#creator = messageCreator(desc, 'compiled')
  }

  /** Compares the messages that are created from an object. Returns that of protobuf-es; null where it throws. */
  create(init: unknown): Message | null {
    const fields = init as MessageInitShape<DescMessage>
    const ours = outcomeOf(() => this.#creator(fields))
    const theirs = outcomeOf(() => create(this.#desc, fields))
    this.#check('create', { ours, theirs, shared: objectsOf(init) }, () => show(init))
    return 'error' in theirs ? null : (theirs.value as Message)
  }

  /** Compares the octets of a message. Returns those of protobuf-es; null where it throws. */
  encode(message: Message): Buffer | null {
    const ours = outcomeOf(() => {
      const { buffer, start, end } = this.#encoder.encode(message)
      if (start < HEADROOM_BYTES) throw new CodecDifference('encode', 'no room for a prefix', show(message))
      // What the caller may do: the octets before the message are free to use.
      buffer.fill(0xee, start - HEADROOM_BYTES, start)
      return new Uint8Array(buffer.subarray(start, end))
    })
    const theirs = outcomeOf(() => new Uint8Array(toBinary(this.#desc, message, this.#options)))
    this.#check('encode', { ours, theirs }, () => show(message))
    return 'error' in theirs ? null : Buffer.from(theirs.value as Uint8Array)
  }

  /**
   * Compares the messages that octets decode to, where these are a part of a chunk that is overwritten afterwards. Returns the message;
   * null where both throw.
   */
  decode(octets: Uint8Array, random: SeededRandom): Message | null {
    const start = random.below(20)
    const end = start + octets.byteLength
    const chunk = Buffer.alloc(end + random.below(20), random.pick(SURROUNDINGS))
    chunk.set(octets, start)
    const ours = outcomeOf(() => this.#decoder.decode(chunk, start, end))
    chunk.fill(0xaa)
    const theirs = outcomeOf(() => fromBinary(this.#desc, new Uint8Array(octets), this.#options))
    this.#check('decode', { ours, theirs }, () => Buffer.from(octets).toString('hex'))
    return 'error' in ours ? null : (ours.value as Message)
  }

  /** Compares what a budget for the decoded message admits with the codec that checks the budget before it decodes. */
  budget(octets: Uint8Array, budgetBytes: number): void {
    const [ours, theirs] = (['compiled', 'reflective'] as const).map((kind) => {
      const decoder = messageDecoder(this.#desc, { kind, options: this.#options, budgetBytes })
      return outcomeOf(() => decoder.decode(octets, 0, octets.byteLength))
    }) as [Outcome, Outcome]
    this.#check(`decode with ${budgetBytes} bytes`, { ours, theirs }, () => Buffer.from(octets).toString('hex'))
  }

  #check(
    what: string,
    { ours, theirs, shared }: { ours: Outcome; theirs: Outcome; shared?: ReadonlySet<unknown> },
    input: () => string,
  ): void {
    if ('error' in ours && ours.error instanceof CodecDifference) throw ours.error
    const difference = differenceOf(ours, theirs, shared)
    if (difference === null) return
    throw new CodecDifference(`${what} ${this.#desc.typeName} with ${show(this.#options)}`, difference, input())
  }
}
