/** Fills the field mask of a PATCH from the fields of its JSON body, as grpc-gateway does. */
import { create, type DescField, type DescMessage, type JsonValue, type Message } from '@bufbuild/protobuf'
import { type FieldMask, FieldMaskSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { overBudget } from '../../../../../wire/decode-budget/decode-budget.ts'
import { MASK_BYTES_PER_CHAR } from '../../../../../wire/json/json-walk.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import { fieldNamed, pathName } from './field-path.ts'
import type { HttpBinding } from './http-binding.ts'
import { type Fields, fieldValue, setField } from './set-field.ts'

/** Messages whose JSON is any object: their keys are paths too. */
const OPEN_TYPES: ReadonlySet<string> = new Set(['google.protobuf.Struct', 'google.protobuf.Value'])

/** Keys of open types that need no quotes in a path (AIP-161). */
const PLAIN_KEY = /^[\w-]+$/

/** The mask of the requests of one binding. */
export class PatchMask {
  readonly #field: DescField
  readonly #body: DescField
  readonly #desc: DescMessage
  /** The paths that the path of the request sets, from the message in the body. */
  readonly #bound: ReadonlySet<string>
  readonly #budgetBytes: number

  private constructor(field: DescField, binding: HttpBinding, budgetBytes: number) {
    this.#field = field
    this.#body = binding.body as DescField
    this.#desc = this.#body.message as DescMessage
    const inBody = binding.variables.filter(({ fields }) => fields[0] === this.#body)
    this.#bound = new Set(inBody.map(({ fields }) => pathName(fields.slice(1))))
    this.#budgetBytes = budgetBytes
  }

  /**
   * Returns null unless the method of the binding is PATCH, the body is a message in a field, and the request has exactly one field
   * mask.
   */
  static of(binding: HttpBinding, budgetBytes: number): PatchMask | null {
    const { body, method, verb } = binding
    if (verb !== 'PATCH' || body === null || body === '*' || body.fieldKind !== 'message') return null
    const [field, second] = method.input.fields.filter(isMask)
    return field === undefined || second !== undefined ? null : new PatchMask(field, binding, budgetBytes)
  }

  /**
   * Fills the mask if it is empty.
   *
   * @param json the body, which was read without an error
   * @throws ConnectError INVALID_ARGUMENT for a field that the message does not have
   */
  fill(message: Message, json: JsonValue): void {
    const holder = message as unknown as Fields
    const present = fieldValue(holder, this.#field) as FieldMask | undefined
    if (present !== undefined && present.paths.length > 0) return
    const paths = new MaskWalk(this.#budgetBytes).walk(this.#desc, json).filter((path) => !this.#bound.has(path))
    setField(holder, this.#field, create(FieldMaskSchema, { paths: paths.sort() }))
  }
}

function isMask({ fieldKind, message }: DescField): boolean {
  return fieldKind === 'message' && message.typeName === FieldMaskSchema.typeName
}

/** Collects the paths of one body. */
class MaskWalk {
  readonly #paths: string[] = []
  #freeBytes: number
  readonly #budgetBytes: number

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
    this.#freeBytes = budgetBytes
  }

  walk(desc: DescMessage, json: JsonValue): string[] {
    if (isObject(json)) this.#members(desc, json, '')
    return this.#paths
  }

  /** @param prefix what stands before the names of the members: empty, or a path and a dot */
  #members(desc: DescMessage, json: Record<string, JsonValue>, prefix: string): void {
    const isOpen = OPEN_TYPES.has(desc.typeName)
    for (const [key, value] of Object.entries(json)) {
      const field = isOpen ? undefined : fieldNamed(desc, key)
      if (!isOpen && field === undefined) throw unknownField(desc, key)
      const name = field?.name ?? (PLAIN_KEY.test(key) ? key : `\`${key}\``)
      const inner = isOpen ? desc : innerOf(field)
      const hasMembers = inner !== undefined && isObject(value) && Object.keys(value).length > 0
      if (hasMembers) this.#members(inner, value, `${prefix}${name}.`)
      else this.#add(prefix + name)
    }
  }

  #add(path: string): void {
    this.#freeBytes -= path.length + MASK_BYTES_PER_CHAR
    if (this.#freeBytes < 0) throw overBudget(this.#budgetBytes)
    this.#paths.push(path)
  }
}

/** Returns the type of a field whose members have paths: lists, maps and Any are leaves. */
function innerOf(field: DescField | undefined): DescMessage | undefined {
  if (field?.fieldKind !== 'message' || field.message.typeName === 'google.protobuf.Any') return undefined
  return field.message
}

function isObject(json: JsonValue): json is Record<string, JsonValue> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function unknownField(desc: DescMessage, key: string): ConnectError {
  return new ConnectError(`update mask: ${desc.typeName} has no field ${clipValue(key)}`, Code.InvalidArgument)
}
