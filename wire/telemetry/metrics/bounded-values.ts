/** Bounds the number of values that an attribute can have, as each value makes new series for the life of the process. */

/** The value in place of those beyond the bound. */
export const OTHER_VALUE = 'other'

/** The allowed values, or how many different ones are allowed: the first ones that come. */
export type ValueBound = number | readonly string[]

/** Passes values up to its bound, and `other` from then on. The empty value always passes. */
export class BoundedValues {
  readonly #values: Set<string>
  readonly #max: number

  constructor(bound: ValueBound) {
    this.#values = new Set(typeof bound === 'number' ? [] : bound)
    this.#max = typeof bound === 'number' ? bound : 0
  }

  of(value: string): string {
    if (value === '' || this.#values.has(value)) return value
    if (this.#values.size >= this.#max) return OTHER_VALUE
    this.#values.add(value)
    return value
  }
}
