/** Reads saved calls that come from outside: from links, files and what the browser kept. */
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'
import type { SavedCall, SavedHeader } from '../contracts/saved-call.ts'
import { withoutSecrets } from './without-secrets.ts'

/** Data that does not have the expected form. The message names the place, such as `collections[2].calls[0].messages`. */
export class SavedDataError extends Error {
  override name = 'SavedDataError'
}

const PROTOCOLS: readonly ConsoleProtocol[] = ['connect', 'grpc-web', 'websocket', 'rest', 'grpc']
const METHOD = /^[\w.]{1,512}\/\w{1,256}$/
const MAX_HEADERS = 100
const MAX_HEADER_LENGTH = 16_384
const MAX_MESSAGES = 10_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Checks every part of a call, and leaves out unknown ones and the values of secrets.
 *
 * @param place where the call is, for errors; empty for the whole
 * @throws SavedDataError naming the part that is wrong
 */
export function readSavedCall(value: unknown, place = ''): SavedCall {
  const { method, protocol, usesGet, headers, timeoutMs, messages } = readObject(value, place || 'the call')
  return withoutSecrets({
    method: readMethod(method, at(place, 'method')),
    protocol: readProtocol(protocol, at(place, 'protocol')),
    ...(usesGet !== undefined && { usesGet: readFlag(usesGet, at(place, 'usesGet')) }),
    headers: readList(headers, at(place, 'headers'), MAX_HEADERS).map((each, index) =>
      readHeader(each, `${at(place, 'headers')}[${index}]`),
    ),
    ...(timeoutMs !== undefined && { timeoutMs: readNumber(timeoutMs, at(place, 'timeoutMs'), MAX_TIMEOUT_MS) }),
    messages: readList(messages, at(place, 'messages'), MAX_MESSAGES).map((each, index) =>
      readText(each, `${at(place, 'messages')}[${index}]`),
    ),
  })
}

/** Returns the place of a part. */
export function at(place: string, part: string): string {
  return place === '' ? part : `${place}.${part}`
}

/** Reads an object, of which only known parts are looked at. */
export function readObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.assign(Object.create(null), value)
  throw new SavedDataError(`${place} must be an object`)
}

/** Reads a list with up to `max` parts. */
export function readList(value: unknown, place: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new SavedDataError(`${place} must be a list`)
  if (value.length > max) throw new SavedDataError(`${place} has ${value.length} entries, and may have up to ${max}`)
  return value
}

/** Reads a text with up to `maxLength` UTF-16 units. */
export function readText(value: unknown, place: string, maxLength = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') throw new SavedDataError(`${place} must be a text`)
  if (value.length > maxLength) throw new SavedDataError(`${place} is longer than ${maxLength} characters`)
  return value
}

/** Reads a number from 0 to `max`. */
export function readNumber(value: unknown, place: string, max: number): number {
  if (typeof value === 'number' && value >= 0 && value <= max) return value
  throw new SavedDataError(`${place} must be a number from 0 to ${max}`)
}

/** Reads `true` or `false`. */
export function readFlag(value: unknown, place: string): boolean {
  if (typeof value === 'boolean') return value
  throw new SavedDataError(`${place} must be true or false`)
}

function readMethod(value: unknown, place: string): string {
  if (typeof value === 'string' && METHOD.test(value)) return value
  throw new SavedDataError(`${place} must be a method, as in package.Service/Method`)
}

function readProtocol(value: unknown, place: string): ConsoleProtocol {
  const known = PROTOCOLS.find((protocol) => protocol === value)
  if (known !== undefined) return known
  throw new SavedDataError(`${place} must be one of ${PROTOCOLS.join(', ')}`)
}

function readHeader(value: unknown, place: string): SavedHeader {
  const header = readObject(value, place)
  return {
    name: readText(header.name, at(place, 'name'), MAX_HEADER_LENGTH),
    value: readText(header.value, at(place, 'value'), MAX_HEADER_LENGTH),
  }
}
