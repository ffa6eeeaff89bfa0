/** The types that messages turn out to need when they are read and written. */
import type { DescExtension, DescMessage, FileRegistry } from '@bufbuild/protobuf'
import type { Schema } from '../schema/schema.ts'
import { isStandIn } from '../schema/stand-in.ts'

/** An Any in an Any needs another round; a message that nests deeper is shown as far as it is known. */
const MAX_ROUNDS = 20

/** How many types are asked for over all messages: which ones there are is up to the sender. */
const MAX_QUESTIONS = 500

/** No server knows a type whose name is anything else. */
const NAMES = /^[\w.]+( \d+)?$/

/** Looks types up in a schema, and asks for those that were missed before the next round. */
export class MetTypes {
  readonly #schema: Schema
  readonly #signal: AbortSignal
  readonly #asked = new Set<string>()
  readonly #missed = new Map<string, () => Promise<boolean>>()

  /** @param signal ends the questions */
  constructor(schema: Schema, signal: AbortSignal) {
    this.#schema = schema
    this.#signal = signal
  }

  get registry(): FileRegistry {
    return this.#schema.registry
  }

  /** A message by its full name. */
  message(typeName: string): DescMessage | undefined {
    const known = this.registry.getMessage(typeName)
    if (known !== undefined && !isStandIn(known)) return known
    this.#miss(typeName, async () => (await this.#schema.find(typeName)) !== undefined)
    return undefined
  }

  /** An extension by its full name. */
  extension(typeName: string): DescExtension | undefined {
    const known = this.registry.getExtension(typeName)
    if (known === undefined) this.#miss(typeName, async () => (await this.#schema.find(typeName)) !== undefined)
    return known
  }

  /** The extension that a field number of a message may be. */
  extensionOf(extendee: DescMessage, number: number): DescExtension | undefined {
    const known = this.registry.getExtensionFor(extendee, number)
    if (known !== undefined || !mayBeExtended(extendee, number)) return known
    const { typeName } = extendee
    this.#miss(`${typeName} ${number}`, () => this.#schema.hasExtension(typeName, number))
    return undefined
  }

  /** Repeats an attempt as long as it misses types that can be had. */
  async settle<T>(attempt: () => T): Promise<T> {
    for (let round = 1; round < MAX_ROUNDS; round++) {
      this.#missed.clear()
      const outcome = outcomeOf(attempt)
      if (!(await this.#learn())) return outcome()
    }
    return attempt()
  }

  #miss(key: string, question: () => Promise<boolean>): void {
    if (NAMES.test(key) && !this.#asked.has(key) && this.#asked.size < MAX_QUESTIONS) this.#missed.set(key, question)
  }

  /** @returns whether there is something new */
  async #learn(): Promise<boolean> {
    let hasLearnt = false
    for (const [key, question] of this.#missed) {
      this.#asked.add(key)
      hasLearnt = (await question().catch(() => this.#notKnown())) || hasLearnt
    }
    return hasLearnt
  }

  /** A server that cannot say what a type is does not make its message unreadable. */
  #notKnown(): boolean {
    this.#signal.throwIfAborted()
    return false
  }
}

function mayBeExtended({ proto }: DescMessage, number: number): boolean {
  return proto.extensionRange.some(({ start, end }) => number >= start && number < end)
}

/** Keeps what a function returned or threw, to give it later. */
function outcomeOf<T>(attempt: () => T): () => T {
  try {
    const result = attempt()
    return () => result
  } catch (error) {
    return () => {
      throw error
    }
  }
}
