/** Parses request headers. */
import type { Interceptor } from '@connectrpc/connect'
import { UsageError } from '../terminal/program-errors.ts'

/** A request header: its name in lower case, and its value. */
export type Header = readonly [name: string, value: string]

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Parses `name: value`, as curl and grpcurl do.
 *
 * @throws UsageError for text without a colon, for a name or value that HTTP does not allow, and for the value of a
 *   `-bin` name that is not base64
 */
export function parseHeader(text: string): Header {
  const colon = text.indexOf(':')
  if (colon < 1) throw new UsageError(`--header "${text}" must be "name: value"`)
  const header = [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()] as const
  assertHeader(header)
  return header
}

/** Adds headers to every call. */
export function addHeaders(headers: readonly Header[]): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of headers) request.header.append(name, value)
    return next(request)
  }
}

function assertHeader([name, value]: Header): void {
  try {
    new Headers([[name, value]])
  } catch {
    throw new UsageError(`--header "${name}: ${value}" has a character that HTTP does not allow`)
  }
  if (name.endsWith('-bin') && !BASE64.test(value)) {
    throw new UsageError(`--header "${name}: ${value}" must have a value in base64, because its name ends with -bin`)
  }
}
