/** The name of a header field: its text, its token, and whether HTTP/2 allows it. */

/**
 * Numbers for the names that the transport and the protocols look for, so that they compare integers. Other names have
 * `UNKNOWN_TOKEN`.
 */
export const Token = {
  authority: 0,
  method: 1,
  path: 2,
  scheme: 3,
  status: 4,
  protocol: 5,
  host: 6,
  te: 7,
  contentType: 8,
  contentLength: 9,
  contentEncoding: 10,
  acceptEncoding: 11,
  userAgent: 12,
  authorization: 13,
  cookie: 14,
  expect: 15,
  grpcTimeout: 16,
  grpcEncoding: 17,
  grpcAcceptEncoding: 18,
  grpcStatus: 19,
  grpcMessage: 20,
  grpcStatusDetailsBin: 21,
  grpcPreviousRpcAttempts: 22,
  grpcRetryPushbackMs: 23,
  connectProtocolVersion: 24,
  connectTimeoutMs: 25,
  connectContentEncoding: 26,
  connectAcceptEncoding: 27,
  traceparent: 28,
  tracestate: 29,
  origin: 30,
  date: 31,
  trailer: 32,
} as const

/** The token of every other name. */
export const UNKNOWN_TOKEN = -1

/** The highest token of a pseudo-header. */
export const LAST_PSEUDO_TOKEN = Token.protocol

/** Why a field makes its message malformed (RFC 9113 sections 8.2 and 8.3); 0 if it does not. */
export const FieldFault = {
  none: 0,
  emptyName: 1,
  upperCaseName: 2,
  /** The name is not a token (RFC 9110 section 5.6.2). */
  badName: 3,
  /** A pseudo-header other than :authority, :method, :path, :scheme, :status and :protocol. */
  unknownPseudoHeader: 4,
  /** connection, proxy-connection, keep-alive, transfer-encoding, upgrade. */
  connectionSpecific: 5,
  /** NUL, CR or LF in the value; in our own fields also a character above U+00FF. */
  badValue: 6,
  /** SP or HTAB at an end of the value. */
  paddedValue: 7,
  /** `te` with anything but `trailers`. */
  badTe: 8,
} as const

/** One of {@link FieldFault}. */
export type FieldFaultCode = (typeof FieldFault)[keyof typeof FieldFault]

/** A field name, shared by its fields and validated once. */
export class HeaderName {
  /** The name as received; lower case in our own fields. */
  readonly text: string
  /** One of {@link Token}, or `UNKNOWN_TOKEN`. */
  readonly token: number
  /** The fault of the name alone. */
  readonly fault: FieldFaultCode
  /**
   * Whether the field may differ from request to request without making a difference to how the request is served, but for a
   * timeout: trace ids, credentials, and whatever has no token. Binary metadata is not, as its encoding must be checked.
   */
  readonly isVolatile: boolean

  /** Use {@link headerName}, which shares the well-known ones. */
  constructor(text: string, token: number, fault: FieldFaultCode) {
    this.text = text
    this.token = token
    this.fault = fault
    this.isVolatile = fault === FieldFault.none && isVolatile(text, token)
  }
}

/** Returns the name object for a text: the shared one of a well-known name, else a new one. */
export function headerName(text: string): HeaderName {
  return WELL_KNOWN.get(text) ?? new HeaderName(text, UNKNOWN_TOKEN, nameFault(text))
}

function isVolatile(text: string, token: number): boolean {
  return token === UNKNOWN_TOKEN ? !text.endsWith('-bin') : VOLATILE_TOKENS.has(token)
}

const VOLATILE_TOKENS: ReadonlySet<number> = new Set([
  Token.grpcTimeout,
  Token.connectTimeoutMs,
  Token.traceparent,
  Token.tracestate,
  Token.authorization,
])

const WELL_KNOWN = new Map<string, HeaderName>()
for (const [key, token] of Object.entries(Token)) {
  const text = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const name = token <= LAST_PSEUDO_TOKEN ? `:${text}` : text
  WELL_KNOWN.set(name, new HeaderName(name, token, FieldFault.none))
}
for (const text of ['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']) {
  WELL_KNOWN.set(text, new HeaderName(text, UNKNOWN_TOKEN, FieldFault.connectionSpecific))
}

/** 1 for each octet of a lower-case token. */
const IS_TOKEN_OCTET = new Uint8Array(128)
for (const octet of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) IS_TOKEN_OCTET[octet] = 1

const COLON = 0x3a

function nameFault(text: string): FieldFaultCode {
  if (text.length === 0) return FieldFault.emptyName
  if (text.charCodeAt(0) === COLON) return FieldFault.unknownPseudoHeader
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (IS_TOKEN_OCTET[code] !== 1) return isUpperCase(code) ? FieldFault.upperCaseName : FieldFault.badName
  }
  return FieldFault.none
}

function isUpperCase(code: number): boolean {
  return code >= 0x41 && code <= 0x5a
}
