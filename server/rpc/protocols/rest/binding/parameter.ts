/** A field that a text sets: by a variable of the path or a parameter of the query. */
import { Buffer } from 'node:buffer'
import { type DescField, equals, isFieldSet, isMessage, type Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { setOwn } from '../../../../../wire/codec/set-own.ts'
import { messageCostsOf } from '../../../../../wire/decode-budget/message-costs.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import { pathName } from './field-path.ts'
import { type Fields, fieldValue, holderOf, rivalOf, setField } from './set-field.ts'
import type { TextType } from './text-type.ts'

/** Where a text comes from, as errors name it. */
export type TextOrigin = 'path' | 'query' | 'last-event-id'

/** A field, and how a text becomes its value. */
export class Parameter {
  /** The proto names on the way to the field. */
  readonly name: string
  /** Whether a second text sets another element or entry. */
  readonly isPlural: boolean
  readonly #fields: readonly DescField[]
  readonly #leaf: DescField
  readonly #type: TextType
  readonly #hasOneof: boolean

  /** @param fields from the request message to the field; all but the last are singular messages */
  constructor(fields: readonly [...DescField[], DescField], type: TextType) {
    this.name = pathName(fields)
    this.#fields = fields
    this.#leaf = fields.at(-1) as DescField
    this.#type = type
    this.#hasOneof = fields.some(({ oneof }) => oneof !== undefined)
    this.isPlural = this.#leaf.fieldKind === 'list' || this.#leaf.fieldKind === 'map'
  }

  /**
   * Sets the field, or adds an element to the list, in place of other members of oneofs.
   *
   * @throws ConnectError INVALID_ARGUMENT for a text that is not a value of the field
   */
  set(message: Fields, text: string, origin: TextOrigin): void {
    const value = this.#type.parse(text)
    if (value === undefined) throw invalidParameter(origin, this.name, this.#faultOf(text))
    const holder = holderOf(message, this.#fields)
    if (this.#leaf.fieldKind !== 'list') setField(holder, this.#leaf, value)
    else (fieldValue(holder, this.#leaf) as unknown[]).push(value)
  }

  /**
   * Sets an entry of the map.
   *
   * @throws ConnectError INVALID_ARGUMENT for a key or a value of the wrong type
   */
  setEntry(message: Fields, { key, text, keyType }: { key: string; text: string; keyType: TextType }): void {
    const entry = `${this.name}[${key}]`
    const parsedKey = keyType.parse(key)
    if (parsedKey === undefined) throw invalidParameter('query', entry, `the key is not ${keyType.expected}`)
    const value = this.#type.parse(text)
    if (value === undefined) throw invalidParameter('query', entry, this.#faultOf(text))
    setOwn(fieldValue(holderOf(message, this.#fields), this.#leaf) as Fields, String(parsedKey), value)
  }

  /** Returns the name of a field that is already set, and that this one excludes as both are members of a oneof. */
  rivalIn(message: Fields): string | undefined {
    if (!this.#hasOneof) return undefined
    let holder: Fields | undefined = message
    for (const field of this.#fields) {
      if (holder === undefined) return undefined
      const rival = rivalOf(holder, field)
      if (rival !== undefined) return rival
      holder = fieldValue(holder, field) as Fields | undefined
    }
    return undefined
  }

  /** Returns the memory of the messages on the way to the field that do not exist yet. */
  missingBytes(message: Fields): number {
    let holder: Fields | undefined = message
    let bytes = 0
    for (const field of this.#fields) {
      if (field === this.#leaf && field.fieldKind !== 'message') break
      if (holder !== undefined) holder = fieldValue(holder, field) as Fields | undefined
      if (holder === undefined && field.message !== undefined) bytes += messageCostsOf(field.message).createdBytes
    }
    return bytes
  }

  /** Whether the field is set, and has another value than the text. */
  differsIn(message: Fields, text: string): boolean {
    let holder: Fields | undefined = message
    for (const field of this.#fields) {
      if (field !== this.#leaf) holder = fieldValue(holder, field) as Fields | undefined
      if (holder === undefined) return false
    }
    const isSet = isFieldSet(holder as unknown as Message, this.#leaf)
    return isSet && !isSame(this.#leaf, fieldValue(holder, this.#leaf), this.#type.parse(text))
  }

  #faultOf(text: string): string {
    return `${JSON.stringify(clipValue(text))} is not ${this.#type.expected}`
  }
}

/** Whether two values of a field are equal. protobuf-es keeps most wrappers as their value. */
function isSame({ message }: DescField, value: unknown, other: unknown): boolean {
  if (message !== undefined && isMessage(value) && isMessage(other)) return equals(message, value, other)
  if (value instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(value, other) === 0
  return Object.is(value, other)
}

/** The error for a parameter of a request. */
export function invalidParameter(origin: TextOrigin, name: string, fault: string): ConnectError {
  return new ConnectError(`${origin} parameter ${clipValue(name)}: ${fault}`, Code.InvalidArgument)
}
