/** The HTTP statuses of errors. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { codeToHttpStatus } from '@connectrpc/connect/protocol-connect'
import { grpcStatus } from '../../../../../wire/telemetry/rpc-names.ts'

/** The statuses of errors that have another one than their code says. */
const STATUSES = new WeakMap<ConnectError, number>()

/** Gives an error an HTTP status that is more exact than that of its code, such as 413 for a body that is too large. */
export function withHttpStatus(error: ConnectError, httpStatus: number): ConnectError {
  STATUSES.set(error, httpStatus)
  return error
}

/** Returns the HTTP status of an error: google/rpc/code.proto names one for each code. */
export function httpStatusOf(error: ConnectError): number {
  return STATUSES.get(error) ?? codeToHttpStatus(error.code)
}

/**
 * Returns the code of a request that is refused with an HTTP status, which says more than the code that protocols of calls use for it.
 */
export function refusalCode(code: Code, httpStatus: number | undefined): Code {
  if (httpStatus === 404) return Code.NotFound
  return httpStatus === 400 && code === Code.Internal ? Code.InvalidArgument : code
}

/** Returns the code with a name of google/rpc/code.proto, such as `NOT_FOUND`; undefined for another name. */
export function codeNamed(name: string): Code | undefined {
  return CODES.find((code) => grpcStatus(code) === name)
}

const CODES = Object.values(Code).filter((code) => typeof code === 'number')

/** The text of a status (RFC 9110 section 15); for 499, that of the HTTP mapping in google/rpc/code.proto. */
export function reasonOf(httpStatus: number): string {
  return REASONS.get(httpStatus) ?? 'Unknown Error'
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [413, 'Content Too Large'],
  [415, 'Unsupported Media Type'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [499, 'Client Closed Request'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported'],
])
