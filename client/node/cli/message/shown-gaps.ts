/** Parts of messages that the output leaves out, for warnings. */

/** Bounds the list, since the sender chooses the numbers. */
const MAX_NUMBERS = 20

/** Collects the gaps of one message. */
export class ShownGaps {
  readonly #fields = new Map<string, Set<number>>()
  readonly #types = new Set<string>()

  /** Adds a field that is not in the schema and not shown. */
  addField(typeName: string, number: number): void {
    const numbers = this.#fields.get(typeName) ?? new Set()
    this.#fields.set(typeName, numbers)
    numbers.add(number)
  }

  /** Adds a type that is not in the schema and shown as bytes. */
  addType(typeName: string): void {
    this.#types.add(typeName)
  }

  /** Returns a sentence for each message with unknown fields, and for each unknown type. */
  sentences(): string[] {
    return [
      ...Array.from(this.#fields, ([typeName, numbers]) => `${typeName} has ${fieldsText([...numbers])}`),
      ...Array.from(this.#types, (typeName) => `the type ${typeName} is not in the schema: it is shown in base64`),
    ]
  }
}

function fieldsText(numbers: readonly number[]): string {
  const shown = numbers.slice(0, MAX_NUMBERS).join(', ')
  const more = numbers.length > MAX_NUMBERS ? ' and more' : ''
  return `fields that are not in the schema, and are not shown: ${shown}${more}`
}
