/** Reads the fields of a JSON object, and collects all faults by path. */

import { clipValue } from '../../../wire/text/clip-text.ts'
import { reasonOf } from '../base/thrown.ts'
import { parseDuration } from './parse-duration.ts'
import { ServiceConfigError } from './service-config-error.ts'

/** The range of a number, inclusive. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** The range of protobuf's uint32. */
export const UINT32: NumberRange = Object.freeze({ min: 0, max: 4_294_967_295 })

/** The range of a duration. */
export const ANY_DURATION: NumberRange = Object.freeze({ min: 0, max: Number.POSITIVE_INFINITY })

/** The range of a positive duration, in milliseconds: from a nanosecond. */
export const POSITIVE_DURATION: NumberRange = Object.freeze({ min: 0.000_001, max: Number.POSITIVE_INFINITY })

const WHOLE_NUMBER = /^\d{1,16}$/

/**
 * Every method returns undefined for a field that is absent, null or invalid. The reader collects the faults, and `finish` throws them all.
 * Fields that are not read are ignored.
 */
export class FieldReader {
  /** The path of this object in the config; empty for the whole. */
  readonly path: string
  readonly #fields: Readonly<Record<string, unknown>>
  /** The first fault of each path. */
  readonly #faults: Map<string, string>

  constructor(json: unknown, path = '', faults = new Map<string, string>()) {
    this.path = path
    this.#faults = faults
    this.#fields = isObject(json) ? json : {}
    if (!isObject(json)) this.fault('', json, 'an object')
  }

  /** The names of all fields; empty if it is not an object. */
  get names(): readonly string[] {
    return Object.keys(this.#fields)
  }

  /** Whether the field is present and not null. */
  has(name: string): boolean {
    return this.value(name) !== undefined
  }

  /** Returns the unvalidated value of a field. */
  value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined
  }

  string(name: string): string | undefined {
    return this.#read(name, 'a string', (value) => (typeof value === 'string' ? value : undefined))
  }

  boolean(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined))
  }

  /** Reads a whole number, or a string with one, as in protobuf JSON. */
  integer(name: string, { min, max }: NumberRange): number | undefined {
    return this.#read(name, `a whole number from ${min} to ${max}`, (value) => {
      const number = typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value
      return Number.isInteger(number) && isInRange(number, min, max) ? number : undefined
    })
  }

  number(name: string, { min, max }: NumberRange): number | undefined {
    return this.#read(name, `a number ${rangeText(min, max)}`, (value) =>
      isInRange(value, min, max) ? value : undefined,
    )
  }

  /** Reads a duration in milliseconds. */
  durationMs(name: string, { min, max }: NumberRange = ANY_DURATION): number | undefined {
    return this.#read(name, `a duration such as "1.5s"${min > 0 ? ', ' : ''}${durationText(min)}`, (value) => {
      const ms = parseDuration(value)
      return isInRange(ms, min, max) ? ms : undefined
    })
  }

  /** Reads a nested object. */
  object(name: string): FieldReader | undefined {
    return this.has(name) ? new FieldReader(this.value(name), this.at(name), this.#faults) : undefined
  }

  /** Reads a list of objects; empty if it is absent. */
  objects(name: string): FieldReader[] {
    const list = this.list(name) ?? []
    return list.map((json, index) => new FieldReader(json, `${this.at(name)}[${index}]`, this.#faults))
  }

  list(name: string): readonly unknown[] | undefined {
    return this.#read(name, 'a list', (value) => (Array.isArray(value) ? (value as readonly unknown[]) : undefined))
  }

  /** Requires fields to be present. */
  require(...names: string[]): void {
    for (const name of names) {
      if (!this.has(name)) this.#remember(this.at(name), 'is missing')
    }
  }

  /** Adds a fault for a field, or with an empty name for the object itself. */
  fault(name: string, value: unknown, expected: string): undefined {
    this.#remember(this.at(name) || 'the config', `is ${shown(value)}: it must be ${expected}`)
  }

  /** Adds the faults that another parser found in a field. */
  adopt(name: string, error: unknown): undefined {
    const faults = error instanceof ServiceConfigError ? error.faults : [reasonOf(error)]
    for (const fault of faults) this.#faults.set(`${this.at(name)}.${fault}`, `${this.at(name)}.${fault}`)
  }

  /** Returns the path of a field. */
  at(name: string): string {
    return this.path === '' || name === '' ? this.path + name : `${this.path}.${name}`
  }

  /**
   * Ends reading.
   *
   * @throws ServiceConfigError if there are faults
   */
  finish(): void {
    if (this.#faults.size > 0) throw new ServiceConfigError([...this.#faults.values()])
  }

  #remember(path: string, fault: string): void {
    if (!this.#faults.has(path)) this.#faults.set(path, `${path} ${fault}`)
  }

  #read<T>(name: string, expected: string, convert: (value: unknown) => T | undefined): T | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    return convert(value) ?? this.fault(name, value, expected)
  }
}

/** Returns a value for a message, clipped to a readable length. */
function shown(value: unknown): string {
  return clipValue(JSON.stringify(value) ?? String(value))
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function isInRange(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}

function rangeText(min: number, max: number): string {
  return max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`
}

function durationText(minMs: number): string {
  if (minMs === 0) return ''
  return minMs < 1 ? 'above 0' : `at least ${minMs} ms`
}
