/** The JSON codecs of one type, compared with protobuf-es input by input. */
import {
  type DescMessage,
  type JsonReadOptions,
  type JsonWriteStringOptions,
  type Message,
  toJsonString,
} from '@bufbuild/protobuf'
import { type MessageJsonReader, messageJsonReader } from '../../../wire/codec/json/message-json-reader.ts'
import { messageJsonWriter } from '../../../wire/codec/json/message-json-writer.ts'
import type { MessageJsonWriter } from '../../../wire/codec/json/writer-source.ts'
import { show } from './find-difference.ts'
import { CodecDifference, differenceOf, type Outcome, outcomeOf } from './outcome.ts'

/** Options of both directions. */
export type JsonOptions = Partial<JsonReadOptions & JsonWriteStringOptions>

const KINDS = ['compiled', 'reflective'] as const

/** Compares; throws CodecDifference for the first two results that are not the same. */
export class JsonComparison {
  readonly #desc: DescMessage
  readonly #options: JsonOptions | undefined
  readonly #writer: MessageJsonWriter
  /** Without a budget. */
  readonly #readers: readonly MessageJsonReader[]

  constructor(desc: DescMessage, options?: JsonOptions) {
    this.#desc = desc
    this.#options = options
    this.#writer = messageJsonWriter(desc, { kind: 'compiled', options })
    this.#readers = KINDS.map((kind) => messageJsonReader(desc, { kind, options }))
  }

  /** Compares the texts of a message. Returns that of protobuf-es; null where it throws. */
  write(message: Message): string | null {
    const [desc, options] = [this.#desc, this.#options]
    const ours = outcomeOf(() => this.#writer.write(message))
    const theirs = outcomeOf(() => toJsonString(desc, message, options))
    this.#check('write', { ours, theirs }, () => show(message))
    return 'error' in theirs ? null : (theirs.value as string)
  }

  /** Compares the messages of a text, and the errors for it. Returns the message; null where both throw. */
  read(text: string, budgetBytes?: number): Message | null {
    const readers =
      budgetBytes === undefined
        ? this.#readers
        : KINDS.map((kind) => messageJsonReader(this.#desc, { kind, options: this.#options, budgetBytes }))
    const [ours, theirs] = readers.map((reader) => outcomeOf(() => reader.read(text))) as [Outcome, Outcome]
    this.#check('read', { ours, theirs }, () => text)
    return 'error' in ours ? null : (ours.value as Message)
  }

  #check(what: string, { ours, theirs }: { ours: Outcome; theirs: Outcome }, input: () => string): void {
    const difference = differenceOf(ours, theirs) ?? textDifference(ours, theirs)
    if (difference === null) return
    const { registry, ...rest } = this.#options ?? {}
    const options = show({ ...rest, ...(registry && { registry: true }) })
    throw new CodecDifference(`${what} JSON of ${this.#desc.typeName} with ${options}`, difference, input())
  }
}

/**
 * Whether protobuf-es reads the messages of a type correctly. It takes a method that messages inherit for the present value of a field
 * of that name, and reads into it.
 */
export function isReadByOracle(desc: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (seen.has(desc)) return true
  seen.add(desc)
  return desc.fields.every(({ fieldKind, localName, message }) => {
    if (fieldKind === 'message' && localName in Object.prototype) return false
    return message === undefined || isReadByOracle(message, seen)
  })
}

/** What the compiled codecs refuse, protobuf-es refuses for them: the errors are its own, but for those of V8 at a null. */
function textDifference(ours: Outcome, theirs: Outcome): string | null {
  const [one, other] = [ours, theirs].map((outcome) => ('error' in outcome ? textOf(outcome.error) : ''))
  return one === other ? null : `the error "${one}" instead of "${other}"`
}

function textOf(error: unknown): string {
  return error instanceof TypeError ? 'TypeError' : String(error)
}
