/** One header field, judged once when it is made and then passed on by reference. */

import { FieldFault, type FieldFaultCode, type HeaderName, headerName, Token } from './header-name.ts'

/** What every field adds to its octets in the size of a header list and of a table (RFC 7541 section 4.1). */
export const FIELD_OVERHEAD = 32

/**
 * A header field. Immutable, and shared: by the tables, by every block that refers to it, and by the memos. So whoever holds
 * one may keep it, and compares `token` or the object itself instead of text.
 */
export class HeaderField {
  /** The name object, for making another field of the same name. */
  readonly header: HeaderName
  /** As received, which is lower case unless `fault` says otherwise. */
  readonly name: string
  /** The octets of the value as latin1 characters. */
  readonly value: string
  /** Octets of name and value, plus 32. */
  readonly size: number
  /** It came, or is to go, as a literal that no hop may put into a table (RFC 7541 section 7.1.3). */
  readonly neverIndexed: boolean
  /** One of `Token`, or `UNKNOWN_TOKEN`. */
  readonly token: number
  /** One of `FieldFault`: 0, or why the message that carries this field is malformed. */
  readonly fault: FieldFaultCode

  constructor(header: HeaderName, value: string, neverIndexed: boolean) {
    this.header = header
    this.name = header.text
    this.value = value
    this.size = header.text.length + value.length + FIELD_OVERHEAD
    this.neverIndexed = neverIndexed
    this.token = header.token
    this.fault = header.fault !== FieldFault.none ? header.fault : valueFault(header, value)
  }
}

/**
 * Makes a field from text, for messages of our own. The encoder does not judge what it sends: a caller that lets users
 * choose names or values refuses those whose `fault` is not 0.
 */
export function headerField(name: string, value: string, neverIndexed = false): HeaderField {
  return new HeaderField(headerName(name), value, neverIndexed)
}

const SPACE = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

function valueFault(header: HeaderName, value: string): FieldFaultCode {
  const length = value.length
  if (length === 0) return header.token === Token.te ? FieldFault.badTe : FieldFault.none
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1))) return FieldFault.paddedValue
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0xff) return FieldFault.badValue
    if (code <= CARRIAGE_RETURN && (code === 0 || code === LINE_FEED || code === CARRIAGE_RETURN)) {
      return FieldFault.badValue
    }
  }
  if (header.token === Token.te && value.toLowerCase() !== 'trailers') return FieldFault.badTe
  return FieldFault.none
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
