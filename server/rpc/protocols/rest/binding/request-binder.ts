/** Builds request messages from HTTP requests, as a binding says. */
import type { DescField, Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { DEFAULT_DECODE_BUDGET_BYTES } from '../../../../../wire/decode-budget/decode-budget.ts'
import { captureVariables } from '../template/capture-variables.ts'
import { pathEnd } from '../template/route-table.ts'
import type { BinderSettings } from './binder-settings.ts'
import { BodyDecoder } from './body-decoder.ts'
import type { HttpBinding } from './http-binding.ts'
import { invalidParameter, Parameter } from './parameter.ts'
import { QueryBinder } from './query-binder.ts'
import type { Fields } from './set-field.ts'
import type { TextType } from './text-type.ts'
import { textTypeOf } from './text-type-of.ts'

/** RFC 3986 has visible ASCII only. Node refuses other characters in HTTP/1.1. */
const NOT_IN_TARGETS = /[^!-~]/

/**
 * Binds requests of one binding. What depends on the types is computed once, at start-up or on first use, so that later requests need no descriptors.
 */
export class RequestBinder {
  /** Whether the body may have any content type: the bytes are the data of a `google.api.HttpBody`. */
  readonly isRaw: boolean
  readonly #binding: HttpBinding
  readonly #settings: BinderSettings
  readonly #body: BodyDecoder
  readonly #query: QueryBinder
  /** By the index of the variable in the template. */
  readonly #variables: readonly Parameter[]

  constructor(binding: HttpBinding, settings: BinderSettings) {
    this.#binding = binding
    this.#settings = settings
    this.#body = new BodyDecoder(binding, settings)
    this.isRaw = this.#body.isRaw
    this.#query = new QueryBinder(binding, settings.query, settings.decodeBudgetBytes ?? DEFAULT_DECODE_BUDGET_BYTES)
    const variables: Parameter[] = []
    for (const { fields, index } of binding.variables) {
      variables[index] = new Parameter(fields as [...DescField[], DescField], typeOf(fields, settings))
    }
    this.#variables = variables
  }

  /**
   * Returns a request message with the body applied. An empty body leaves what it maps unset.
   *
   * @throws ConnectError INVALID_ARGUMENT for a malformed body; RESOURCE_EXHAUSTED for one that exceeds the decode budget
   */
  decode(body: Uint8Array): Message {
    return this.#body.decode(body)
  }

  /**
   * Applies the query and the path. The path wins, unless the settings say otherwise.
   *
   * @param target the raw request target: a path that matches the template, and the query
   * @throws ConnectError INVALID_ARGUMENT that names the parameter
   */
  bind(message: Message, target: string): void {
    if (NOT_IN_TARGETS.test(target)) throw unencoded()
    const fields = message as unknown as Fields
    const mark = target.indexOf('?')
    const pathIsLast = this.#settings.query.collisions !== 'query'
    if (!pathIsLast) this.#bindPath(fields, target)
    if (mark >= 0) this.#query.bind(fields, target, mark + 1)
    if (pathIsLast) this.#bindPath(fields, target)
    this.#body.fillMask(message)
  }

  #bindPath(message: Fields, target: string): void {
    if (this.#variables.length === 0) return
    const { path, query } = this.#settings
    const end = pathEnd(target, path.trailingSlash === 'ignore')
    const texts = captureVariables(this.#binding.template, target, { end, decoding: path.decoding })
    for (let index = 0; index < texts.length; index++) {
      const variable = this.#variables[index] as Parameter
      const text = texts[index] as string
      if (query.collisions === 'reject' && variable.differsIn(message, text)) {
        throw invalidParameter('path', variable.name, 'the body has another value')
      }
      variable.set(message, text, 'path')
    }
  }
}

function unencoded(): ConnectError {
  return new ConnectError('the path or the query has characters that must be percent-encoded', Code.InvalidArgument)
}

function typeOf(fields: readonly DescField[], { query }: BinderSettings): TextType {
  const type = textTypeOf(fields.at(-1) as DescField, query)
  if (type === null) throw new TypeError('a path cannot hold the field: the rule should have been refused')
  return type
}
