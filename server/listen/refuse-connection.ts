/** Refuses connections in a protocol that the port does not serve. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { lingerThenDestroy } from '../rpc/exchange/node-connection.ts'

const PLAIN_TEXT = 'this port speaks TLS: use https\n'

/** For cleartext HTTP/1.1 on a TLS port. */
const HTTP1_REFUSAL = Buffer.from(
  `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${PLAIN_TEXT.length}\r\nconnection: close\r\n\r\n${PLAIN_TEXT}`,
  'latin1',
)

/**
 * For cleartext HTTP/2 on a TLS port: an empty SETTINGS frame, then GOAWAY with last stream 0 and INADEQUATE_SECURITY
 * (RFC 9113 sections 6.5, 6.8, 7).
 */
const HTTP2_REFUSAL = Buffer.concat([
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 8 + PLAIN_TEXT.length - 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0c]),
  Buffer.from(PLAIN_TEXT.trimEnd(), 'latin1'),
])

/**
 * For TLS on a cleartext port: a fatal handshake_failure alert (RFC 8446 section 6), which TLS libraries report at
 * once.
 */
const TLS_REFUSAL = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28])

const REFUSALS = { http1: HTTP1_REFUSAL, http2: HTTP2_REFUSAL, tls: TLS_REFUSAL } as const

/**
 * Answers an HTTP/1.1 request without a response object, and closes the connection. `text` must be ASCII.
 *
 * @param lines more fields, each with its CRLF. Default: none
 */
export function refuseHttp1(socket: Duplex, status: string, text = '', lines = ''): void {
  const type = text === '' ? '' : 'content-type: text/plain; charset=utf-8\r\n'
  const fields = `${type}${lines}connection: close\r\ncontent-length: ${text.length}\r\n`
  socket.end(`HTTP/1.1 ${status}\r\n${fields}\r\n${text}`, () => socket.destroy())
}

/**
 * Refuses in the client's own protocol, then closes. Further input is read and discarded, so that the answer is not
 * lost.
 */
export function refuseConnection(socket: Socket, protocol: keyof typeof REFUSALS): void {
  socket.write(REFUSALS[protocol])
  socket.resume()
  lingerThenDestroy(socket)
}
