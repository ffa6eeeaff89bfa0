/** Removes credentials from values to be logged. */

/** Replaces a credential in a log line. */
export const REDACTED = '[redacted]'

/** Headers that carry credentials, in lower case. */
export const SECRET_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
]

const secretHeaders = new Set(SECRET_HEADERS)

/** Deeper values are omitted, which also handles cyclic objects. */
const MAX_DEPTH = 6
const TOO_DEEP = '[too deep]'

/**
 * Whether the value of a header must not be logged, whatever the case of its name: credentials, and `-bin` metadata, which may contain
 * encoded credentials.
 */
export function isSecretHeader(name: string): boolean {
  return name.endsWith('-bin') || secretHeaders.has(name) || secretHeaders.has(name.toLowerCase())
}

/**
 * Copies a value without credentials; returns a value without any unchanged. Searches plain objects, serialized errors and arrays for
 * headers by name, and for lists of alternating names and values (`rawHeaders`) or of pairs.
 */
export function redactHeaders(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return depth > MAX_DEPTH ? TOO_DEEP : redactList(value, depth)
  if (isRecord(value)) return depth > MAX_DEPTH ? TOO_DEEP : redactRecord(value, depth)
  return value
}

function redactRecord(record: Readonly<Record<string, unknown>>, depth: number): unknown {
  let copy: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(record)) {
    const clean = isSecretHeader(name) ? REDACTED : redactHeaders(value, depth + 1)
    if (clean === value) continue
    copy ??= { ...record }
    copy[name] = clean
  }
  return copy ?? record
}

function redactList(list: readonly unknown[], depth: number): unknown {
  const clean = list.map((value, index) => {
    const name = index % 2 === 1 ? list[index - 1] : undefined
    return typeof name === 'string' && isSecretHeader(name) ? REDACTED : redactHeaders(value, depth + 1)
  })
  return clean.some((value, index) => value !== list[index]) ? clean : list
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isOfSerializedErrors(prototype)
}

/** pino's serializer has already replaced errors by objects whose prototype declares the fields of every error. */
function isOfSerializedErrors(prototype: unknown): boolean {
  return typeof prototype === 'object' && prototype !== null && Object.hasOwn(prototype, 'aggregateErrors')
}
