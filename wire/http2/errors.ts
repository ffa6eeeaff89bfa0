/** HTTP/2 error codes (RFC 9113, section 7) and the error that ends a connection. */
import { clipSentence } from '../text/clip-text.ts'

/** The codes of RST_STREAM and GOAWAY. Unknown codes of a peer are passed on as numbers. */
export const ErrorCode = Object.freeze({
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
})

const names = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]))

/** Returns the RFC 9113 name of a code, or its hexadecimal number if it is unknown. */
export function errorCodeName(code: number): string {
  return names.get(code) ?? `0x${code.toString(16)}`
}

/**
 * An error that ends the connection. Thrown while reading frames; the session sends a GOAWAY, with up to 64 octets of the message as debug
 * data, so it must contain nothing secret.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** One of {@link ErrorCode}, or the unknown code of a peer's GOAWAY. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Returns a readable reason for a socket error; messages of OpenSSL errors are not. It may quote a certificate. */
export function socketReason(error: Error): string {
  const isOfOpenSsl = 'library' in error && 'reason' in error && typeof error.reason === 'string'
  return clipSentence(isOfOpenSsl ? String(error.reason) : error.message)
}
