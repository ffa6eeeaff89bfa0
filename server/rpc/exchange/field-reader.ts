/** Reads header fields by name. */
import type { HeaderReader } from '../../../wire/call-observer.ts'
import type { RequestField } from './exchange.ts'

/** Reads the fields of a head without creating `Headers`. */
export class FieldReader implements HeaderReader {
  readonly #fields: readonly RequestField[]

  constructor(fields: readonly RequestField[]) {
    this.#fields = fields
  }

  get(name: string): string | null {
    const values = this.#fields.filter((field) => field.name === name).map(({ value }) => value)
    return values.length === 0 ? null : values.join(', ')
  }

  keys(): Iterable<string> {
    return new Set(this.#fields.map(({ name }) => name))
  }
}
