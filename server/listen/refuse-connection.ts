/** Refuses a connection that speaks what this port does not. */
import type { Socket } from 'node:net'
import { lingerThenDestroy } from '../rpc/exchange/node-connection.ts'

const PLAIN_TEXT = 'this port speaks TLS: use https\n'

/** What a peer gets that speaks HTTP/1.1 in the clear to a port that wants TLS. */
const HTTP1_REFUSAL = Buffer.from(
  `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${PLAIN_TEXT.length}\r\nconnection: close\r\n\r\n${PLAIN_TEXT}`,
  'latin1',
)

/** An empty SETTINGS frame, then GOAWAY with last stream 0 and INADEQUATE_SECURITY (RFC 9113 sections 6.5, 6.8, 7). */
const HTTP2_REFUSAL = Buffer.concat([
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
  Buffer.from([0, 0, 8 + PLAIN_TEXT.length - 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0c]),
  Buffer.from(PLAIN_TEXT.trimEnd(), 'latin1'),
])

/** A fatal handshake_failure alert (RFC 8446 section 6): the peer's TLS library reports it at once. */
const TLS_REFUSAL = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28])

const REFUSALS = { http1: HTTP1_REFUSAL, http2: HTTP2_REFUSAL, tls: TLS_REFUSAL } as const

/** Answers a request of HTTP/1.1 that nothing else can answer any more, and closes. `text` is ASCII. */
export function refuseHttp1(socket: Socket, status: string, text = ''): void {
  const type = text === '' ? '' : 'content-type: text/plain; charset=utf-8\r\n'
  const fields = `${type}connection: close\r\ncontent-length: ${text.length}\r\n`
  socket.end(`HTTP/1.1 ${status}\r\n${fields}\r\n${text}`)
  socket.destroySoon()
}

/** Answers in the peer's own protocol, and closes. Whatever it still sends is read and dropped. */
export function refuseConnection(socket: Socket, protocol: keyof typeof REFUSALS): void {
  socket.write(REFUSALS[protocol])
  socket.resume()
  lingerThenDestroy(socket)
}
