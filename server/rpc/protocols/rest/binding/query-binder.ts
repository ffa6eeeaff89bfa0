/** Sets the fields of a request message from a query. */
import { Code, ConnectError } from '@connectrpc/connect'
import { overBudget } from '../../../../../wire/decode-budget/decode-budget.ts'
import type { QuerySettings } from './binder-settings.ts'
import type { HttpBinding } from './http-binding.ts'
import { invalidParameter, type Parameter } from './parameter.ts'
import { ParameterNames } from './parameter-names.ts'
import type { Fields } from './set-field.ts'

const PLUS = /\+/g

/** A request whose query is being read. */
interface Reading {
  readonly message: Fields
  /** The names of the fields that have a value. */
  readonly seen: Set<string>
  /** What is left of the decode budget. */
  freeBytes: number
}

/** A parameter of a request, decoded. */
interface Pair {
  readonly name: string
  readonly text: string
}

/** Reads queries in one pass. */
export class QueryBinder {
  readonly #settings: QuerySettings
  readonly #names: ParameterNames
  readonly #budgetBytes: number
  readonly #isIgnored: boolean

  /** @param budgetBytes maximum memory of the messages that a query creates */
  constructor(binding: HttpBinding, settings: QuerySettings, budgetBytes: number) {
    this.#settings = settings
    this.#budgetBytes = budgetBytes
    // http.proto: with `body: "*"` no parameters are possible.
    this.#isIgnored = binding.body === '*' && settings.besideBody === 'ignore'
    this.#names = new ParameterNames(binding, settings)
  }

  /**
   * Applies a query, which begins at `start` of the text.
   *
   * @throws ConnectError INVALID_ARGUMENT that names the parameter
   */
  bind(message: Fields, text: string, start: number): void {
    if (this.#isIgnored) return
    const reading = { message, seen: new Set<string>(), freeBytes: this.#budgetBytes }
    const { maxParameters } = this.#settings
    let count = 0
    for (let at = start; at < text.length; ) {
      const ampersand = text.indexOf('&', at)
      const end = ampersand < 0 ? text.length : ampersand
      if (end > at) {
        if (++count > maxParameters) throw tooMany(maxParameters)
        this.#apply(reading, this.#pairOf(text.slice(at, end)))
      }
      at = end + 1
    }
  }

  #pairOf(raw: string): Pair {
    const equals = raw.indexOf('=')
    if (equals < 0) return { name: this.#decode(raw, raw), text: '' }
    const name = this.#decode(raw.slice(0, equals), raw)
    return { name, text: this.#decode(raw.slice(equals + 1), name) }
  }

  #apply(reading: Reading, pair: Pair): void {
    const { name } = pair
    const key = this.#settings.mapEntries ? keyOf(name) : undefined
    const meaning = this.#names.find(key === undefined ? name : name.slice(0, -key.length - 2))
    if (meaning.kind === 'ignored') return
    if (meaning.kind === 'unknown' && this.#settings.unknown === 'ignore') return
    if (meaning.kind === 'unknown') throw invalidParameter('query', name, 'the request has no such field')
    if (meaning.kind === 'fault') throw invalidParameter('query', name, meaning.fault)
    if (meaning.kind === 'map') {
      if (key === undefined) throw invalidParameter('query', name, 'a map needs a key, as in name[key]=value')
      this.#countOnce(reading, `${meaning.parameter.name}[${key}]`, name)
      this.#admit(reading, meaning.parameter, name)
      meaning.parameter.setEntry(reading.message, { key, text: pair.text, keyType: meaning.keyType })
      return
    }
    if (key !== undefined) throw invalidParameter('query', name, 'the field is not a map')
    this.#set(reading, meaning.parameter, pair)
  }

  #set(reading: Reading, parameter: Parameter, { name, text }: Pair): void {
    if (!parameter.isPlural) this.#countOnce(reading, parameter.name, name)
    this.#admit(reading, parameter, name)
    parameter.set(reading.message, text, 'query')
  }

  /** Refuses a second member of a oneof, and charges for messages: a few names of recursive types can create a large one. */
  #admit(reading: Reading, parameter: Parameter, name: string): void {
    const rival = parameter.rivalIn(reading.message)
    if (rival !== undefined) throw invalidParameter('query', name, `${rival} is set too, and only one of them may be`)
    reading.freeBytes -= parameter.missingBytes(reading.message)
    if (reading.freeBytes < 0) throw overBudget(this.#budgetBytes)
  }

  #countOnce({ seen }: Reading, field: string, name: string): void {
    if (this.#settings.severalValues === 'reject' && seen.has(field)) {
      throw invalidParameter('query', name, 'the field takes one value, and has several')
    }
    seen.add(field)
  }

  #decode(raw: string, name: string): string {
    const text = this.#settings.plusAsSpace && raw.includes('+') ? raw.replace(PLUS, ' ') : raw
    if (!text.includes('%')) return text
    try {
      return decodeURIComponent(text)
    } catch {
      throw invalidParameter('query', name, 'not valid percent-encoded UTF-8')
    }
  }
}

/** Returns the key of `name[key]`. */
function keyOf(name: string): string | undefined {
  const open = name.endsWith(']') ? name.indexOf('[') : -1
  return open < 0 ? undefined : name.slice(open + 1, -1)
}

function tooMany(maxParameters: number): ConnectError {
  return new ConnectError(`the query has more than ${maxParameters} parameters`, Code.InvalidArgument)
}
