/**
 * Forwards calls over WebSockets to a server of gRPC-Web, for a suite whose servers speak no `grpc-websockets`. A path names the version of
 * HTTP and the server first: `/2/127.0.0.1:8080/connectrpc.conformance.v1.ConformanceService/Unary`.
 */
import { createServer, type Server } from 'node:http'
import { encodeEnvelope, type UniversalClientFn } from '@connectrpc/connect/protocol'
import { headerGrpcStatus, trailerFlag, trailerParse, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web'
import { createNodeHttpClient } from '@connectrpc/connect-node'
import { type WebSocket, WebSocketServer } from 'ws'
import { Control, SUBPROTOCOL } from '../../wire/grpc-websockets/grpc-websockets.ts'
import { receiveMessages } from '../support/receive-messages.ts'
import { type ListeningServer, startListening } from '../support/start-listening.ts'

const NORMAL_CLOSURE = 1000
const BAD_GATEWAY = 1014

/** Starts it on a free port of this machine. */
export function startWebSocketBridge(): Promise<ListeningServer> {
  const http: Server = createServer((_request, response) => response.writeHead(405).end())
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => SUBPROTOCOL })
  sockets.on('connection', (socket, { url = '' }) => {
    forward(socket, url).catch((error) => socket.close(BAD_GATEWAY, String(error).slice(0, 100)))
  })
  return startListening(http)
}

async function forward(socket: WebSocket, path: string): Promise<void> {
  const [, version = '', host = '', ...method] = path.split('/')
  const left = new AbortController()
  socket.on('error', () => {})
  socket.once('close', () => left.abort())
  const messages = receiveMessages(socket)
  const block = await messages.next()
  const response = await clientFor(version)({
    url: `http://${host}/${method.join('/')}`,
    method: 'POST',
    header: trailerParse(block.value ?? new Uint8Array()),
    body: requestBody(messages),
    signal: left.signal,
  })
  if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
  socket.send(encodeEnvelope(trailerFlag, trailerSerialize(response.header)))
  if (!response.header.has(headerGrpcStatus)) for await (const octets of response.body) socket.send(octets)
  socket.close(NORMAL_CLOSURE)
}

function clientFor(version: string): UniversalClientFn {
  return version === '1' ? createNodeHttpClient({ httpVersion: '1.1' }) : createNodeHttpClient({ httpVersion: '2' })
}

async function* requestBody(messages: AsyncIterator<Uint8Array, undefined>): AsyncGenerator<Uint8Array> {
  while (true) {
    const { value } = await messages.next()
    if (value === undefined || value[0] === Control.HALF_CLOSE) return
    yield value.subarray(1)
  }
}
