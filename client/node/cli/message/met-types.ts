/** Types that are first needed while messages are read or written: those of Any and extensions. */
import type { DescExtension, DescMessage, FileRegistry } from '@bufbuild/protobuf'
import type { Schema } from '../schema/schema.ts'
import { isStandIn } from '../schema/stand-in.ts'

/** Each level of Any within Any needs another round. Deeper levels stay bytes. */
const MAX_ROUNDS = 20

/** Bounds the types to request over all messages, since the sender chooses them. */
const MAX_QUESTIONS = 500

/** The form of valid type names, and of extensions by number. */
const NAMES = /^[\w.]+( \d+)?$/

/** Looks up types in a schema, and loads the missing ones before the next round. */
export class MetTypes {
  readonly #schema: Schema
  readonly #signal: AbortSignal
  readonly #asked = new Set<string>()
  readonly #missed = new Map<string, () => Promise<boolean>>()

  /** @param signal ends the requests */
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

  /** The extension of a message with a field number. */
  extensionOf(extendee: DescMessage, number: number): DescExtension | undefined {
    const known = this.registry.getExtensionFor(extendee, number)
    if (known !== undefined || !mayBeExtended(extendee, number)) return known
    const { typeName } = extendee
    this.#miss(`${typeName} ${number}`, () => this.#schema.hasExtension(typeName, number))
    return undefined
  }

  /** Repeats an attempt as long as it misses types that can be loaded. */
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

  /** @returns whether any type was loaded */
  async #learn(): Promise<boolean> {
    let hasLearnt = false
    for (const [key, question] of this.#missed) {
      this.#asked.add(key)
      hasLearnt = (await question().catch(() => this.#notKnown())) || hasLearnt
    }
    return hasLearnt
  }

  /** A type that fails to load must not make its message unreadable. */
  #notKnown(): boolean {
    this.#signal.throwIfAborted()
    return false
  }
}

function mayBeExtended({ proto }: DescMessage, number: number): boolean {
  return proto.extensionRange.some(({ start, end }) => number >= start && number < end)
}

/** Runs a function now, and returns one that repeats its result or error. */
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
