/** The head of a request as protocols look at it: content type, single fields, lists. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { CodecName } from '../../../wire/message-codec.ts'
import type { RequestField } from './exchange.ts'

/** What every transport can show of a head. */
export interface HeadSource {
  /** The verb, as `POST`. */
  readonly method: string
  /** The request target with its query. */
  readonly path: string
  /** The fields in their order; names in lower case. */
  readonly fields: readonly RequestField[]
}

/** A content type (RFC 9110 section 8.3.1). */
export interface ContentType {
  /** Type and subtype in lower case, as `application/grpc+proto`; empty where the request states none. */
  readonly essence: string
  /** From the first semicolon on; empty if there is none. */
  readonly parameters: string
}

/** Type and subtype are 127 characters each at most (RFC 6838 section 4.2): what is longer is not a type to answer in. */
const MAX_ESSENCE_CHARS = 255

/** JSON may state that it is UTF-8, which it always is (RFC 8259 section 8.1). */
const UTF8 = /^;[\t ]*charset=(?:utf-?8|"utf-?8")$/i

const NO_TYPE: ContentType = Object.freeze({ essence: '', parameters: '' })

/** Made where protocols have to be asked: what they conclude is kept with the head. */
export class CallHead {
  readonly method: string
  readonly path: string
  readonly contentType: ContentType
  /** How many fields state a content type: only one can be right (RFC 9110 section 5.3). */
  readonly contentTypes: number
  readonly #fields: readonly RequestField[]

  constructor({ method, path, fields }: HeadSource) {
    this.method = method
    this.path = path
    this.#fields = fields
    let count = 0
    let text: string | undefined
    for (const { name, value } of fields) {
      if (name !== 'content-type') continue
      count += 1
      text ??= value
    }
    this.contentTypes = count
    this.contentType = text === undefined ? NO_TYPE : parseContentType(text)
  }

  /** The value of the first field with this lower-case name. */
  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value
    return undefined
  }

  /** A browser asks whether a page may make a call: it names fields that nothing but calls has. */
  get isCallPreflight(): boolean {
    if (this.method !== 'OPTIONS') return false
    const asked = this.list('access-control-request-headers') ?? ''
    return asked.split(',').some((name) => CALL_FIELDS.has(name.trim().toLowerCase()))
  }

  /** The values of all fields with this lower-case name as one list (RFC 9110 section 5.3). */
  list(name: string): string | undefined {
    let list: string | undefined
    for (const field of this.#fields) {
      if (field.name === name) list = list === undefined ? field.value : `${list},${field.value}`
    }
    return list
  }

  /**
   * The deadline that a field states, in milliseconds; undefined where there is no such field.
   *
   * @param parse returns undefined for what is not a timeout
   * @throws ConnectError INVALID_ARGUMENT for that
   */
  timeoutMs(name: string, parse: (value: string) => number | undefined): number | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    const timeoutMs = parse(value)
    if (timeoutMs === undefined) throw new ConnectError(`${name}: not a timeout`, Code.InvalidArgument)
    return timeoutMs
  }

  /** The type of the request, to be answered in; `fallback` where it states none that could be. */
  typeOr(fallback: string): string {
    const { essence } = this.contentType
    return essence === '' || essence.length > MAX_ESSENCE_CHARS ? fallback : essence
  }
}

const CALL_FIELDS: ReadonlySet<string> = new Set([
  'connect-protocol-version',
  'connect-timeout-ms',
  'grpc-timeout',
  'x-grpc-web',
])

/**
 * Reads a content type. Only space and tab may stand before a parameter (RFC 9110 section 5.6.6), and nothing around the
 * whole: `trim` would take more.
 */
export function parseContentType(text: string): ContentType {
  const semicolon = text.indexOf(';')
  if (semicolon < 0) return { essence: text.toLowerCase(), parameters: '' }
  let end = semicolon
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return { essence: text.slice(0, end).toLowerCase(), parameters: text.slice(semicolon) }
}

/** The content types of one framing: its bare name, and one for each format, as `application/grpc+json`. */
export class MediaFamily {
  /** Those that a request may state, the plainest first. */
  readonly names: readonly string[]
  readonly #base: string
  readonly #proto: string
  readonly #json: string
  readonly #bareFormat: CodecName | undefined

  /** @param bareFormat what the bare name means; undefined: nothing */
  constructor(base: string, bareFormat: CodecName | undefined) {
    this.#base = base
    this.#proto = `${base}+proto`
    this.#json = `${base}+json`
    this.#bareFormat = bareFormat
    this.names = [...(bareFormat === undefined ? [] : [base]), this.#proto, this.#json]
  }

  /** The name that states a format. */
  of(format: string): string {
    return format === 'proto' ? this.#proto : this.#json
  }

  /** The format that a content type states; undefined: it is not of this family, or states anything but a format of ours. */
  formatOf({ essence, parameters }: ContentType): CodecName | undefined {
    const format = essence === this.#base ? this.#bareFormat : this.#suffixOf(essence)
    return format !== undefined && isPlain(format, parameters) ? format : undefined
  }

  /** Whether a content type is of this family, whatever its format: enough to answer an error in. */
  includes({ essence }: ContentType): boolean {
    if (essence === this.#base) return this.#bareFormat !== undefined
    return essence.startsWith(this.#base) && /^\+[a-z]+$/.test(essence.slice(this.#base.length))
  }

  #suffixOf(essence: string): CodecName | undefined {
    if (essence === this.#proto) return 'proto'
    return essence === this.#json ? 'json' : undefined
  }
}

/** Whether a format stands there without parameters that could change it. */
export function isPlain(format: CodecName, parameters: string): boolean {
  return parameters === '' || (format === 'json' && UTF8.test(parameters))
}
