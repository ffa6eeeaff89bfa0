/** Converts header blocks to heads, or rejects them as malformed (RFC 9113, section 8). */
import { isSameAuthority } from './authority.ts'
import type { HeaderBlock } from './hpack/header-block.ts'
import type { HeaderField } from './hpack/header-field.ts'
import { FieldFault, LAST_PSEUDO_TOKEN, Token } from './hpack/header-name.ts'

/** Whether a request can be served, and otherwise how to answer it. */
export const RequestVerdict = Object.freeze({
  /** The request can be served. */
  FINE: 'fine',
  /** Host contradicts :authority, or there are two Host fields: answer 400 (gRPC: INTERNAL). */
  HOST_MISMATCH: 'host-mismatch',
  /** A valid CONNECT request, which is not supported: answer 501. */
  CONNECT: 'connect',
  /** The header fields exceed the limit and are incomplete: answer RESOURCE_EXHAUSTED, or 431. */
  TOO_LARGE: 'too-large',
} as const)

/** One of {@link RequestVerdict}. */
export type RequestVerdict = (typeof RequestVerdict)[keyof typeof RequestVerdict]

/** The head of a message: its regular fields, in order. Immutable, and shared by messages with equal heads. */
export class MessageHead {
  /** The fields without pseudo-headers and host. Values are octets as latin1. */
  readonly fields: readonly HeaderField[]
  /** The content-length, or -1. */
  readonly contentLength: number

  constructor(fields: readonly HeaderField[], contentLength: number) {
    this.fields = fields
    this.contentLength = contentLength
  }

  /** Returns the value of the first field with this lower-case name. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value
    return undefined
  }
}

/** The head of a request. Immutable except `plan` and `kind`. */
export class RequestHead extends MessageHead {
  readonly method: string
  readonly path: string
  /** :authority, or Host if only that was sent. */
  readonly authority: string
  /** The scheme that the peer claims, which must not be trusted. */
  readonly scheme: string
  /** What a CONNECT asks for on its stream (RFC 8441), such as `websocket`; empty in every other request. */
  readonly protocol: string
  readonly verdict: RequestVerdict
  /** What the server computed from this head, kept for the next request that shares it. */
  plan: unknown = undefined
  /** Its kind; null if it was not recognised. Set once, before the head is passed on. */
  kind: HeadKind | null = null

  constructor(parts: RequestParts, verdict: RequestVerdict) {
    super(parts.fields, parts.contentLength)
    this.method = parts.method
    this.path = parts.path
    this.authority = parts.authority
    this.scheme = parts.scheme
    this.protocol = parts.protocol ?? ''
    this.verdict = verdict
  }
}

/** What the heads of one kind share: every field that is not volatile. */
export class HeadKind {
  /** A slot for what the server computed from the first head, as far as that does not depend on volatile fields. */
  plan: unknown = undefined
  /** The first head of the kind. */
  readonly #model: RequestHead
  /** Number of pseudo-headers, which all are among the fixed fields. */
  readonly #pseudos: number
  /** The fields that are not volatile, in order: the very objects that the tables of HPACK share between blocks. */
  readonly #fixed: readonly HeaderField[]

  constructor(model: RequestHead, fields: readonly HeaderField[]) {
    this.#model = model
    this.#pseudos = fields.length - model.fields.length
    this.#fixed = fields.filter((field) => !field.header.isVolatile)
  }

  /** Whether these are the fields of this kind, with any volatile ones among the regular ones. */
  includes(fields: readonly HeaderField[]): boolean {
    const fixed = this.#fixed
    let at = 0
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as HeaderField
      if (field.header.isVolatile) {
        if (i < this.#pseudos) return false
      } else if (field !== fixed[at++]) {
        return false
      }
    }
    return at === fixed.length
  }

  /** Returns the head of fields that this kind includes. */
  headOf(fields: readonly HeaderField[]): RequestHead {
    const { method, path, authority, scheme, protocol, contentLength, verdict } = this.#model
    const parts = { fields: fields.slice(this.#pseudos), contentLength, method, path, authority, scheme, protocol }
    const head = new RequestHead(parts, verdict)
    head.kind = this
    return head
  }
}

/** The head of a response. */
export class ResponseHead extends MessageHead {
  /** 100 to 999, but not 101. */
  readonly status: number
  /** Whether the header fields exceed the limit and are incomplete, so that the call has failed. */
  readonly isTooLarge: boolean

  constructor(parts: HeadParts, status: number, isTooLarge: boolean) {
    super(parts.fields, parts.contentLength)
    this.status = status
    this.isTooLarge = isTooLarge
  }
}

/**
 * Returns the head of a request, or the reason why it is malformed.
 *
 * @param allowsProtocol whether we have announced extended CONNECT (RFC 8441). Default: false
 */
export function digestRequest(block: HeaderBlock, allowsProtocol = false): RequestHead | string {
  const parts = collect(block)
  if (typeof parts === 'string') return parts
  if (parts.seen & bit(Token.status)) return ':status in a request'
  if (parts.seen & bit(Token.protocol) && !allowsProtocol) return ':protocol was not offered'
  if (block.exceeds) return new RequestHead(parts, RequestVerdict.TOO_LARGE)
  if (parts.method === '') return 'no :method'
  if (parts.method !== 'POST' && !isToken(parts.method)) return ':method is not a token'
  const isExtended = (parts.seen & bit(Token.protocol)) !== 0
  if (isExtended && parts.method !== 'CONNECT') return ':protocol without CONNECT'
  if (parts.method === 'CONNECT' && !isExtended) return digestConnect(parts)
  const fault = pathFault(parts) ?? authorityFault(parts)
  if (fault !== undefined) return fault
  return new RequestHead(parts, parts.isHostUnlike ? RequestVerdict.HOST_MISMATCH : RequestVerdict.FINE)
}

/** Returns the head of a final or interim response, or the reason why it is malformed. */
export function digestResponse(block: HeaderBlock): ResponseHead | string {
  const parts = collect(block)
  if (typeof parts === 'string') return parts
  if (parts.seen & ~bit(Token.status)) return 'request pseudo-header in a response'
  if (!/^[1-9][0-9][0-9]$/.test(parts.status)) {
    return block.exceeds ? new ResponseHead(parts, 0, true) : ':status is not three digits'
  }
  if (parts.status === '101') return '101 does not exist in HTTP/2'
  return new ResponseHead(parts, Number(parts.status), block.exceeds)
}

/** Returns the fields of trailers, or the reason why they are malformed. Fields beyond the limit are missing; see `block.exceeds`. */
export function digestTrailers(block: HeaderBlock): readonly HeaderField[] | string {
  if (block.fault !== FieldFault.none) return 'bad trailer field'
  for (const field of block.fields) if (isPseudo(field)) return 'pseudo-header in trailers'
  return block.fields
}

/** The parts of a request's head. */
interface RequestParts extends Pick<HeadParts, 'contentLength' | 'method' | 'path' | 'authority' | 'scheme'> {
  readonly fields: readonly HeaderField[]
  readonly protocol?: string
}

/** The parts of a head that are collected from its fields. */
interface HeadParts {
  fields: HeaderField[]
  /** A bit for each pseudo-header that was present. */
  seen: number
  method: string
  path: string
  authority: string
  scheme: string
  protocol: string
  status: string
  host: string | undefined
  isHostUnlike: boolean
  contentLength: number
}

function collect(block: HeaderBlock): HeadParts | string {
  if (block.fault !== FieldFault.none) return 'bad header field'
  const parts: HeadParts = {
    fields: [],
    seen: 0,
    method: '',
    path: '',
    authority: '',
    scheme: '',
    protocol: '',
    status: '',
    host: undefined,
    isHostUnlike: false,
    contentLength: -1,
  }
  for (const field of block.fields) {
    const fault = isPseudo(field) ? takePseudo(parts, field) : takeRegular(parts, field)
    if (fault !== undefined) return fault
  }
  return parts
}

/** Whether a field is a pseudo-header that HTTP/2 knows. */
export function isPseudo(field: HeaderField): boolean {
  return field.token >= 0 && field.token <= LAST_PSEUDO_TOKEN
}

function takePseudo(parts: HeadParts, field: HeaderField): string | undefined {
  if (parts.seen & bit(field.token)) return 'pseudo-header twice'
  if (parts.fields.length > 0 || parts.host !== undefined) return 'pseudo-header after a regular field'
  parts.seen |= bit(field.token)
  if (field.token === Token.method) parts.method = field.value
  else if (field.token === Token.path) parts.path = field.value
  else if (field.token === Token.authority) parts.authority = field.value
  else if (field.token === Token.scheme) parts.scheme = field.value
  else if (field.token === Token.protocol) parts.protocol = field.value
  else parts.status = field.value
  return undefined
}

function takeRegular(parts: HeadParts, field: HeaderField): string | undefined {
  if (field.token === Token.host && parts.status === '') {
    if (parts.host !== undefined) parts.isHostUnlike = true
    parts.host = field.value
    return undefined
  }
  if (field.token === Token.contentLength) {
    if (!/^[0-9]+$/.test(field.value)) return 'content-length is not a number'
    const length = Number(field.value)
    if (parts.contentLength !== -1 && parts.contentLength !== length) return 'two content-lengths'
    parts.contentLength = length
  }
  parts.fields.push(field)
  return undefined
}

function digestConnect(parts: HeadParts): RequestHead | string {
  const isRight = parts.seen === (bit(Token.method) | bit(Token.authority)) && parts.authority !== ''
  return isRight ? new RequestHead(parts, RequestVerdict.CONNECT) : 'CONNECT takes only :authority'
}

function pathFault(parts: HeadParts): string | undefined {
  if (parts.scheme === '') return 'no :scheme'
  if (parts.path.charCodeAt(0) === SLASH) return undefined
  if (parts.path === '*' && parts.method === 'OPTIONS') return undefined
  return parts.path === '' ? 'no :path' : ':path without a slash'
}

/** Also chooses the effective authority. */
function authorityFault(parts: HeadParts): string | undefined {
  if (parts.authority === '') {
    if (parts.host === undefined || parts.host === '') return 'neither :authority nor host'
    parts.authority = parts.host
  } else if (parts.host !== undefined && parts.host !== parts.authority) {
    parts.isHostUnlike ||= !isSameAuthority(parts.host, parts.authority, parts.scheme)
  }
  return parts.authority.includes('@') ? 'userinfo in the authority' : undefined
}

const SLASH = 0x2f

function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

function bit(token: number): number {
  return 1 << token
}
