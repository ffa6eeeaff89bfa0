/** The validation rules of message types. */
import { create, type DescMessage, type Message, type Registry } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import { CompilationError, createValidator, type Validator } from '@bufbuild/protovalidate'
import { reachableTypes } from './has-rules.ts'
import { Violations } from './violations.ts'

/**
 * All violations of a larger message are not collected: each takes about 300 bytes and 4 microseconds, and a message of 4 MiB can have a
 * million.
 */
const MAX_ELEMENTS = 1_000

/**
 * Errors of the CEL library about rules that cannot work for any message. It resolves names and types only when it evaluates a rule, so
 * they are runtime errors.
 */
const BROKEN_RULE =
  /^(?:field not found|unbound function|unresolved attribute|found no matching overload|error parsing regexp)/

/** Validates messages. Rules are compiled once per type. */
export class MessageRules {
  readonly #registry: Registry | undefined
  readonly #first: Validator
  readonly #all: Validator

  /** @param registry has the extensions of predefined rules */
  constructor(registry?: Registry) {
    this.#registry = registry
    this.#first = this.#createValidator(true)
    this.#all = this.#createValidator(false)
  }

  /**
   * Returns what is wrong with a message; null if it is valid.
   *
   * @throws Error if a rule cannot be evaluated
   */
  check(type: DescMessage, message: Message): Violations | null {
    const { kind, violations, error } = this.#first.validate(type, message)
    if (kind === 'valid') return null
    if (kind === 'error') throw error
    if (countElements(type, message, MAX_ELEMENTS) > MAX_ELEMENTS) return new Violations(violations, true)
    const all = this.#all.validate(type, message)
    if (all.kind === 'error') throw all.error
    return new Violations(all.violations ?? violations, false)
  }

  /**
   * Compiles the rules of a type, and tries them on empty messages.
   *
   * @param onError receives errors of rules that may work for other messages
   * @throws RangeError that names the type, and the field if possible, of a rule that cannot be compiled or never works
   */
  compile(type: DescMessage, onError: (error: RangeError) => void): void {
    for (const each of reachableTypes(type)) {
      for (const validator of [this.#all, this.#first]) {
        const { error, kind } = validator.validate(each, create(each))
        if (kind !== 'error') continue
        const fault = new RangeError(`validation rule of ${this.#placeOf(each)} fails: ${error.message}`, {
          cause: error,
        })
        if (error instanceof CompilationError || BROKEN_RULE.test(error.message)) throw fault
        onError(fault)
        return
      }
    }
  }

  #createValidator(failFast: boolean): Validator {
    return createValidator({ failFast, ...(this.#registry && { registry: this.#registry }) })
  }

  /** Tries each field without the others and without the rules of the message, as errors do not name the field. */
  #placeOf(type: DescMessage): string {
    const proto = { ...type.proto, options: undefined } as DescMessage['proto']
    const field = type.fields.find((each) => {
      const alone: DescMessage = { ...type, proto, fields: [each], members: [each], oneofs: [] }
      return this.#createValidator(false).validate(alone, create(type)).kind === 'error'
    })
    return field === undefined ? type.typeName : `${type.typeName}.${field.name}`
  }
}

/** Counts the entries of lists and maps in a message, and messages in it, and stops above `most`. */
function countElements(type: DescMessage, message: Message, most: number): number {
  const pending = [reflect(type, message)]
  let count = 0
  for (let next = pending.pop(); next !== undefined && count <= most; next = pending.pop()) {
    for (const field of next.fields) {
      if (!next.isSet(field)) continue
      if (field.fieldKind === 'message') {
        count += 1
        pending.push(next.get(field))
      } else if (field.fieldKind === 'list' || field.fieldKind === 'map') {
        const entries = next.get(field)
        count += entries.size
        if (count > most) return count
        if (field.message !== undefined) pending.push(...(entries.values() as Iterable<ReturnType<typeof reflect>>))
      }
    }
  }
  return count
}
