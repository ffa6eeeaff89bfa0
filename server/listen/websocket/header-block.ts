/** Reads the first message of a WebSocket: the header block. */
import { Code } from '@connectrpc/connect'
import { clipValue } from '../../../wire/text/clip-text.ts'
import type { RequestField } from '../../rpc/exchange/exchange.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** Visible ASCII, spaces and tabs. */
const VALUE = /^[\t -~]*$/

/** Returns the fields in their order, or why the block is malformed. Each line is `name: value`, and ends in CRLF, but for the last. */
export function readHeaderBlock(text: string): readonly RequestField[] | RequestFault {
  const fields: RequestField[] = []
  for (const line of text.split('\r\n')) {
    if (line === '') continue
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).toLowerCase()
    const value = line.slice(colon + 1)
    if (!TOKEN.test(name)) return malformed('a line is not `name: value`')
    if (!VALUE.test(value)) return malformed(`the value of ${clipValue(name)} is not ASCII text`)
    // Tabs and spaces are the only white space that is left. A regular expression would look at each run of them again and again.
    fields.push({ name, value: value.trim() })
  }
  return fields
}

function malformed(why: string): RequestFault {
  return { code: Code.Internal, message: `malformed header block: ${why}`, httpStatus: 400 }
}
