/** The head of a request as protocols read it: content type, single fields, lists. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { CodecName } from '../../../wire/message-codec.ts'
import type { RequestField } from './exchange.ts'

/** What every transport provides of a head. */
export interface HeadSource {
  /** The HTTP method, such as `POST`. */
  readonly method: string
  /** The request target with its query. */
  readonly path: string
  /** The fields in order, names in lower case. */
  readonly fields: readonly RequestField[]
}

/** A content type (RFC 9110 section 8.3.1). */
export interface ContentType {
  /** Type and subtype in lower case, such as `application/grpc+proto`; empty if the request has no content type. */
  readonly essence: string
  /** Everything from the first semicolon on; empty if there is none. */
  readonly parameters: string
}

/**
 * Type and subtype have at most 127 characters each (RFC 6838 section 4.2). Anything longer is not echoed in a
 * response.
 */
const MAX_ESSENCE_CHARS = 255

/** JSON may state the charset UTF-8, which it always has (RFC 8259 section 8.1). */
const UTF8 = /^;[\t ]*charset=(?:utf-?8|"utf-?8")$/i

const NO_TYPE: ContentType = Object.freeze({ essence: '', parameters: '' })

/** Created once per distinct head: what protocols conclude from it is kept with the head. */
export class CallHead {
  readonly method: string
  readonly path: string
  readonly #fields: readonly RequestField[]
  #contentType: ContentType | null = null
  #contentTypes = 0

  constructor({ method, path, fields }: HeadSource) {
    this.method = method
    this.path = path
    this.#fields = fields
  }

  get contentType(): ContentType {
    this.#contentType ??= this.#readContentType()
    return this.#contentType
  }

  /** The number of content-type fields. Only one is valid (RFC 9110 section 5.3). */
  get contentTypes(): number {
    this.#contentType ??= this.#readContentType()
    return this.#contentTypes
  }

  /** Returns the value of the first field with this lower-case name. */
  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value
    return undefined
  }

  #readContentType(): ContentType {
    let text: string | undefined
    for (const { name, value } of this.#fields) {
      if (name !== 'content-type') continue
      this.#contentTypes += 1
      text ??= value
    }
    return text === undefined ? NO_TYPE : parseContentType(text)
  }

  /** Whether this is a preflight for a call: it asks for headers that only calls have. */
  get isCallPreflight(): boolean {
    if (this.method !== 'OPTIONS') return false
    const asked = this.list('access-control-request-headers') ?? ''
    return asked.split(',').some((name) => CALL_FIELDS.has(name.trim().toLowerCase()))
  }

  /** Returns the values of all fields with this lower-case name, joined as a list (RFC 9110 section 5.3). */
  list(name: string): string | undefined {
    let list: string | undefined
    for (const field of this.#fields) {
      if (field.name === name) list = list === undefined ? field.value : `${list},${field.value}`
    }
    return list
  }

  /**
   * Returns the timeout that a field states, in milliseconds; undefined if there is no such field.
   *
   * @param parse returns undefined for an invalid timeout
   * @throws ConnectError INVALID_ARGUMENT for an invalid timeout
   */
  timeoutMs(name: string, parse: (value: string) => number | undefined): number | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    const timeoutMs = parse(value)
    if (timeoutMs === undefined) throw new ConnectError(`${name}: invalid timeout`, Code.InvalidArgument)
    return timeoutMs
  }

  /**
   * Returns the content type of the request for use in a response, or `fallback` if it has none or one that is too
   * long.
   */
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
 * Parses a content type. Only space and tab are allowed before a parameter (RFC 9110 section 5.6.6), and nothing around
 * the whole, so `trim` would accept too much.
 */
export function parseContentType(text: string): ContentType {
  const semicolon = text.indexOf(';')
  if (semicolon < 0) return { essence: text.toLowerCase(), parameters: '' }
  let end = semicolon
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return { essence: text.slice(0, end).toLowerCase(), parameters: text.slice(semicolon) }
}

/** The content types of one framing: the bare name and one per format, such as `application/grpc+json`. */
export class MediaFamily {
  /** The content types that requests may have, the bare name first. */
  readonly names: readonly string[]
  readonly #base: string
  readonly #proto: string
  readonly #json: string
  readonly #bareFormat: CodecName | undefined

  /** @param bareFormat the format of the bare name; undefined if it is not valid on its own */
  constructor(base: string, bareFormat: CodecName | undefined) {
    this.#base = base
    this.#proto = `${base}+proto`
    this.#json = `${base}+json`
    this.#bareFormat = bareFormat
    this.names = [...(bareFormat === undefined ? [] : [base]), this.#proto, this.#json]
  }

  /** Returns the content type of a format. */
  of(format: string): string {
    return format === 'proto' ? this.#proto : this.#json
  }

  /** Returns the format of a content type; undefined for another family, an unknown format or unknown parameters. */
  formatOf({ essence, parameters }: ContentType): CodecName | undefined {
    const format = essence === this.#base ? this.#bareFormat : this.#suffixOf(essence)
    return format !== undefined && isPlain(format, parameters) ? format : undefined
  }

  /** Whether a content type belongs to this family in any format, which is enough to send an error. */
  includes({ essence }: ContentType): boolean {
    if (essence === this.#base) return this.#bareFormat !== undefined
    return essence.startsWith(this.#base) && /^\+[a-z]+$/.test(essence.slice(this.#base.length))
  }

  #suffixOf(essence: string): CodecName | undefined {
    if (essence === this.#proto) return 'proto'
    return essence === this.#json ? 'json' : undefined
  }
}

/** Whether a content type has no parameters that could change the format. */
export function isPlain(format: CodecName, parameters: string): boolean {
  return parameters === '' || (format === 'json' && UTF8.test(parameters))
}
