/** A server of `grpc-websockets` whose answers a test writes, octet by octet: for what no honest server sends. */
import { createServer, type RequestListener } from 'node:http'
import { encodeEnvelope } from '@connectrpc/connect/protocol'
import { trailerFlag, trailerParse } from '@connectrpc/connect/protocol-grpc-web'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Control, SUBPROTOCOL } from '../../wire/grpc-websockets/grpc-websockets.ts'
import { receiveMessages } from './receive-messages.ts'
import { startListening } from './start-listening.ts'

/** One call, from the server's side. */
export interface ScriptedCall {
  readonly path: string
  /** The block that the client sent first. */
  readonly headers: Headers
  /** Resolves with the octets of the next message; null for the half-close, and when the client has closed. */
  next(): Promise<Uint8Array | null>
  send(octets: Uint8Array | string): void
  close(code?: number, reason?: string): void
  /** Cuts the connection without a Close frame. */
  cut(): void
  /** Stops and starts reading from the connection. */
  pause(): void
  resume(): void
  /** Resolves with the code with which the client closed: 1006 if it sent none. */
  readonly closed: Promise<number>
}

/** How the server answers. */
export interface ScriptedOptions {
  readonly onCall: (call: ScriptedCall) => Promise<void> | void
  /** The subprotocol to choose; false for none. Default: that of the format. */
  readonly subprotocol?: string | false
  /** Returns whether to accept the handshake with this number, from 0. Default: all. */
  readonly accepts?: (count: number) => boolean
  /** Answers plain requests. Default: 405. */
  readonly onRequest?: RequestListener
}

/** Starts it. It is closed when the running test ends. Returns its base URL. */
export async function startScriptedWebSockets(options: ScriptedOptions): Promise<string> {
  const { onCall, subprotocol = SUBPROTOCOL, accepts = () => true } = options
  const http = createServer(options.onRequest ?? ((_request, response) => response.writeHead(405).end()))
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol })
  let count = 0
  http.on('upgrade', (request, socket, head) => {
    if (!accepts(count++)) return socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      answer(accepted, request.url ?? '', onCall)
    })
  })
  const { port, close } = await startListening(http)
  onTestFinished(close)
  return `http://127.0.0.1:${port}`
}

/** Returns an envelope of headers, which may be trailers too. */
export function headerEnvelope(headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const lines = Object.entries({ 'Content-Type': 'application/grpc-web+proto', ...headers })
  return encodeEnvelope(trailerFlag, Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')))
}

/** Returns an envelope of trailers. */
export function trailerEnvelope(status = 0, trailers: Readonly<Record<string, string>> = {}): Uint8Array {
  return headerEnvelope({ 'Grpc-Status': String(status), ...trailers })
}

async function answer(socket: WebSocket, path: string, onCall: ScriptedOptions['onCall']): Promise<void> {
  const messages = receiveMessages(socket)
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code === 1005 ? 1006 : code))
  })
  socket.on('error', () => {})
  const first = await messages.next()
  await onCall({
    path,
    headers: trailerParse(first.value ?? new Uint8Array()),
    closed,
    async next() {
      const { value } = await messages.next()
      return value === undefined || value[0] === Control.HALF_CLOSE ? null : value.subarray(1)
    },
    send: (octets) => socket.send(octets),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  })
}
