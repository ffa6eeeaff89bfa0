/** Converts a response that something else wrote (a hook, an error handler, middleware) into the error of the call. */
import { Buffer } from 'node:buffer'
import type { OutgoingHttpHeader } from 'node:http'
import { Code, ConnectError } from '@connectrpc/connect'
import { codeFromString, errorFromJson } from '@connectrpc/connect/protocol-connect'
import { retryInfo } from '../rpc/retry-later.ts'
import type { ForeignAnswer } from './answer-watch.ts'

/** A longer text is not a message for a client. */
const MAX_TEXT_CHARS = 1_024

/** The codes of HTTP statuses. All others are INTERNAL. */
const CODES: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.Unimplemented],
  [429, Code.ResourceExhausted],
  [503, Code.Unavailable],
])

/** What an error is derived from. */
export interface ForeignAnswerFacts extends Omit<ForeignAnswer, 'fields'> {
  /** All fields of the response, by lower-case name. */
  readonly fields: Readonly<Record<string, OutgoingHttpHeader | undefined>>
}

/**
 * Returns the error that a response means. A Connect error body or a gRPC head states it. Otherwise the status decides.
 * Only a 4xx has a message for the client (`message` of a JSON body, or a plain-text body), and `Retry-After` becomes
 * RetryInfo.
 */
export function errorOfAnswer(answer: ForeignAnswerFacts): ConnectError {
  const { status, fields } = answer
  const isReadable = fields['content-encoding'] === undefined
  const text = isReadable ? textOf(answer.chunks) : ''
  const json = parseObject(text)
  const stated = grpcErrorIn(fields) ?? connectErrorIn(json)
  if (stated !== undefined) return stated
  const error = new ConnectError(messageFor(status, json, text), CODES.get(status) ?? Code.Internal)
  const delayMs = retryDelayMs(fields['retry-after'])
  if (delayMs !== undefined && (status === 429 || status === 503)) error.details.push(retryInfo(delayMs))
  return error
}

/** The text of a 5xx is not for clients: it may quote internals. */
function messageFor(status: number, json: Fields | undefined, text: string): string {
  if (status < 400) return `call answered by a hook or middleware with HTTP status ${status}`
  if (status >= 500) return `call refused with HTTP status ${status}`
  const said = json === undefined ? plainText(text) : [json.message, json.error].find((value) => isText(value))
  return clip(typeof said === 'string' && said !== '' ? said : `call refused with HTTP status ${status}`)
}

type Fields = Readonly<Record<string, unknown>>

/** Only the codes of errors: a status of 0 with an error response is not one. */
function grpcErrorIn(fields: ForeignAnswerFacts['fields']): ConnectError | undefined {
  const status = fields['grpc-status']
  const code = Number(status)
  if (status === undefined || !(code >= Code.Canceled && code <= Code.Unauthenticated)) return undefined
  return new ConnectError(decoded(String(fields['grpc-message'] ?? '')), code)
}

/** A body with a valid code but invalid details still has its code. */
function connectErrorIn(json: Fields | undefined): ConnectError | undefined {
  if (json === undefined || typeof json.code !== 'string') return undefined
  const code = codeFromString(json.code)
  if (code === undefined) return undefined
  const fallback = new ConnectError('', code)
  try {
    return errorFromJson(json as Parameters<typeof errorFromJson>[0], undefined, fallback)
  } catch {
    return fallback
  }
}

/** gRPC messages are percent-encoded. An invalid one is used as it is. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}

/** Invalid UTF-8 becomes U+FFFD, which `plainText` rejects. */
function textOf(chunks: readonly Uint8Array[]): string {
  return chunks.length === 0 ? '' : Buffer.concat(chunks).toString('utf8')
}

/** JSON that is not an object has neither a code nor a message. */
function parseObject(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Fields
  } catch {
    return undefined
  }
}

/** HTML pages and binary data are no messages for a client. */
function plainText(text: string): string {
  const line = text.trim()
  return line.startsWith('<') || /[^\P{Cc}\s]|\ufffd/u.test(line) ? '' : line
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** `toWellFormed` repairs a surrogate pair that was cut. */
function clip(text: string): string {
  return text.length <= MAX_TEXT_CHARS ? text : `${text.slice(0, MAX_TEXT_CHARS)}...`.toWellFormed()
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryDelayMs(value: OutgoingHttpHeader | undefined): number | undefined {
  if (value === undefined) return undefined
  const text = String(value).trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now())
}

const errors = new WeakMap<object, ConnectError>()

/**
 * Serializes what Fastify sends as JSON, and remembers which error it was. For an error that no handler has taken,
 * Fastify passes an object whose prototype is that error; the returned bytes lead back to it.
 */
export function serializeAnswer(data: unknown): string {
  if (!(data instanceof Error)) return JSON.stringify(data) ?? ''
  if (!(data instanceof ConnectError)) return serializeError(data)
  const octets = Buffer.from(JSON.stringify({ message: data.rawMessage }))
  errors.set(octets, Object.getPrototypeOf(data) as ConnectError)
  // Fastify accepts bytes here, but its types require a string.
  return octets as unknown as string
}

/** Returns the error that a payload was serialized from; undefined for other payloads. */
export function serializedErrorOf(payload: Uint8Array | undefined): ConnectError | undefined {
  return payload && errors.get(payload)
}

interface FastifyErrorFields {
  readonly statusCode?: number
  readonly code?: unknown
  readonly error?: string
}

/** As Fastify's default serializer. */
function serializeError({ statusCode, code, error, message }: Error & FastifyErrorFields): string {
  return JSON.stringify({ statusCode, code, error, message })
}
