/** Forwards calls of gRPC-Web over HTTP to a server that gets them over WebSockets, for a suite whose clients have none. */
import { once } from 'node:events'
import { createServer as createHttp1Server, type IncomingMessage } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeEnvelope, transformSplitEnvelope } from '@connectrpc/connect/protocol'
import { headerGrpcStatus, trailerParse } from '@connectrpc/connect/protocol-grpc-web'
import { WebSocket } from 'ws'
import { Control, SUBPROTOCOL } from '../../wire/grpc-websockets/grpc-websockets.ts'
import { receiveMessages } from '../support/receive-messages.ts'
import { type ListeningServer, startListening } from '../support/start-listening.ts'

type AnyRequest = IncomingMessage | Http2ServerRequest

/** What the responses of both versions have in common. */
interface AnyResponse {
  readonly headersSent: boolean
  readonly writableEnded: boolean
  once(event: 'close', listener: () => void): unknown
  writeHead(status: number, fields: Record<string, string>): unknown
  write(octets: Uint8Array): unknown
  end(): unknown
}

const MAX_BYTES = 0xffff_ffff
/** How long a client may take for the rest of its request, after an error. */
const MAX_REST_MS = 1_000
/** Fields that belong to the client's own connection. */
const HOP_BY_HOP = /^(?::.*|host|connection|te|content-length|transfer-encoding)$/

/** Starts it on a free port of this machine, before a server at `origin`. */
export function startWebSocketFront(origin: string, httpVersion: '1.1' | '2'): Promise<ListeningServer> {
  const listener = (request: AnyRequest, response: AnyResponse) => {
    forward(origin, request, response).catch(() => {
      if (!response.writableEnded) request.destroy()
    })
  }
  return startListening(httpVersion === '1.1' ? createHttp1Server(listener) : createHttp2Server(listener))
}

async function forward(origin: string, request: AnyRequest, response: AnyResponse): Promise<void> {
  const socket = new WebSocket(`${origin}${request.url}`, SUBPROTOCOL)
  response.once('close', () => socket.close())
  socket.on('error', () => {})
  await once(socket, 'open')
  // The client may leave in the middle of its request.
  const sent = send(socket, request).catch(() => socket.close())
  await answer(socket, response, Promise.race([sent, sleep(MAX_REST_MS)]))
  response.end()
}

async function send(socket: WebSocket, request: AnyRequest): Promise<void> {
  socket.send(headerBlock(request))
  for await (const octets of request) socket.send(Buffer.concat([Uint8Array.of(Control.DATA), octets]))
  socket.send(Uint8Array.of(Control.HALF_CLOSE))
}

function headerBlock({ headers }: AnyRequest): Buffer {
  const fields = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name))
  return Buffer.from(fields.map(([name, value]) => `${name}: ${value}\r\n`).join(''))
}

/**
 * The first envelope is the head of the response.
 *
 * @param sent settles with the request. A client that gets an error first sends less than it announced, which Node's HTTP/2 refuses
 */
async function answer(socket: WebSocket, response: AnyResponse, sent: Promise<unknown>): Promise<void> {
  const messages: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => receiveMessages(socket) }
  for await (const { flags, data } of transformSplitEnvelope(MAX_BYTES)(messages)) {
    if (response.headersSent) {
      response.write(encodeEnvelope(flags, data))
      continue
    }
    const head = trailerParse(data)
    if (head.has(headerGrpcStatus)) await sent
    response.writeHead(200, Object.fromEntries(head))
  }
}
