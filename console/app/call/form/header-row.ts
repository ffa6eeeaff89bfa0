/** Request headers as a user types them. */
import type { Fields } from '../../contracts/live-call.ts'

/** A row of the table of headers. */
export interface HeaderRow {
  /** Identifies the row while it is edited. */
  readonly id: number
  readonly name: string
  readonly value: string
}

/** A token of HTTP (RFC 9110, section 5.6.2), in lower case as metadata of gRPC is. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const PRINTABLE = /^[\x20-\x7e]*$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** Forbidden request headers of the Fetch standard: browsers ignore them without an error. */
const FORBIDDEN =
  /^(?:accept-(?:charset|encoding)|access-control-request-.*|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|(?:proxy|sec)-.*)$/

/** Headers that the protocols set. */
const OF_PROTOCOLS =
  /^(?:content-type|user-agent|grpc-.*|x-grpc-web|x-user-agent|connect-(?:timeout-ms|protocol-version|content-encoding|accept-encoding))$/

/** Returns what is wrong with a row, as a sentence; null if nothing is. */
export function faultOfHeader({ name, value }: Pick<HeaderRow, 'name' | 'value'>): string | null {
  if (name === '') return value === '' ? null : 'The header needs a name.'
  const lower = name.toLowerCase()
  if (!NAME.test(lower)) return 'A name is letters, digits and marks such as - and _, without spaces.'
  if (FORBIDDEN.test(lower)) return 'Browsers do not let pages set this header.'
  if (OF_PROTOCOLS.test(lower)) return 'The protocol sets this header.'
  if (!PRINTABLE.test(value))
    return 'A value is printable ASCII. Other data goes into a header whose name ends with -bin, in base64.'
  if (lower.endsWith('-bin') && !BASE64.test(value)) return 'The value of a -bin header must be base64.'
  return null
}

/** Returns the headers of the rows that have a name. */
export function toFields(rows: readonly HeaderRow[]): Fields {
  return rows.filter(({ name }) => name !== '').map(({ name, value }) => [name.toLowerCase(), value.trim()])
}
