/** A header field, validated once when it is created and then shared by reference. */
import { FieldFault, type FieldFaultCode, type HeaderName, headerName, Token } from './header-name.ts'

/** Octets that each field adds to the size of a header list and of a table (RFC 7541 section 4.1). */
export const FIELD_OVERHEAD = 32

/**
 * A header field. Immutable, and shared by the tables, the memos, and every block that refers to it. So callers may keep it, and can
 * compare tokens or objects instead of text.
 */
export class HeaderField {
  /** The name object, for creating another field with the same name. */
  readonly header: HeaderName
  /** The name as received: lower case unless `fault` says otherwise. */
  readonly name: string
  /** The octets of the value as latin1 characters. */
  readonly value: string
  /** Octets of name and value, plus 32. */
  readonly size: number
  /** Whether the field is a literal that no hop may index (RFC 7541 section 7.1.3). */
  readonly neverIndexed: boolean
  /** One of `Token`, or `UNKNOWN_TOKEN`. */
  readonly token: number
  /** One of `FieldFault`: 0, or why a message with this field is malformed. */
  readonly fault: FieldFaultCode

  /** @param isClean whether the value is known to be free of NUL, CR and LF, and of characters above U+00FF */
  constructor(header: HeaderName, value: string, neverIndexed: boolean, isClean = false) {
    this.header = header
    this.name = header.text
    this.value = value
    this.size = header.text.length + value.length + FIELD_OVERHEAD
    this.neverIndexed = neverIndexed
    this.token = header.token
    this.fault = header.fault !== FieldFault.none ? header.fault : valueFault(header, value, isClean)
  }
}

/**
 * Creates a field from text, for our own messages. The encoder does not validate, so a caller that lets users choose names or values
 * must reject fields whose `fault` is not 0.
 */
export function headerField(name: string, value: string, neverIndexed = false): HeaderField {
  return new HeaderField(headerName(name), value, neverIndexed)
}

const SPACE = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

function valueFault(header: HeaderName, value: string, isClean: boolean): FieldFaultCode {
  const length = value.length
  if (length === 0) return header.token === Token.te ? FieldFault.badTe : FieldFault.none
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1))) return FieldFault.paddedValue
  if (!isClean && hasBadCharacter(value)) return FieldFault.badValue
  if (header.token === Token.te && value.toLowerCase() !== 'trailers') return FieldFault.badTe
  return FieldFault.none
}

function hasBadCharacter(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0xff) return true
    if (code <= CARRIAGE_RETURN && (code === 0 || code === LINE_FEED || code === CARRIAGE_RETURN)) return true
  }
  return false
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** A field to encode; every `HeaderField` is one. The encoder does not validate it; see `headerField`. */
export interface EncodableField {
  /** Lower case. */
  readonly name: string
  /** Characters up to U+00FF, one octet each. */
  readonly value: string
  /** Whether to send the field as a literal that no hop may index, for credentials. Default: false. */
  readonly neverIndexed?: boolean
}

/** Maximum octets of an integer after its prefix octet, as our integers are far below 2^28. */
const INTEGER_OCTETS = 5
/** A block may start with two table size updates. */
const UPDATES_OCTETS = 2 * INTEGER_OCTETS
/** Kind and name index, and the lengths of name and value. */
const FIELD_OCTETS = 1 + 2 * INTEGER_OCTETS

/** Returns the most octets that `encode` needs for these fields, including table size updates. */
export function maxEncodedLength(fields: readonly EncodableField[]): number {
  let length = UPDATES_OCTETS
  for (const field of fields) length += FIELD_OCTETS + field.name.length + field.value.length
  return length
}

/** Returns the size of a header list as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 section 6.5.2). */
export function headerListSize(fields: readonly EncodableField[]): number {
  let size = 0
  for (const field of fields) size += FIELD_OVERHEAD + field.name.length + field.value.length
  return size
}
