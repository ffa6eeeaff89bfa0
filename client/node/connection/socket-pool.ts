/** The HTTP/1.1 sockets of one address, kept alive between requests. */
import { Agent, type ClientRequestArgs } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import { MIN_CONNECT_TIMEOUT_MS } from '../contracts/connection-backoff.ts'
import type { DialListener } from './dial.ts'

/** What a pool depends on. */
export interface SocketPoolParts {
  /** Maximum number of sockets. */
  readonly maxSockets: number
  /** The clock for the connection timeout. */
  readonly clock: Clock
  dial(listener: DialListener): Socket
  /** A socket could not be opened. The request that needed it fails with the same error. */
  readonly onRefused: (error: ConnectError) => void
}

/** Node's agent, which honours `Keep-Alive: timeout` of servers, with our own sockets. */
export class SocketPool extends Agent {
  readonly #parts: SocketPoolParts
  #first: Socket | null
  #isClosed = false

  /** @param first a connected socket, for the first request */
  constructor(first: Socket, parts: SocketPoolParts) {
    // The socket used last is the least likely to be closed by the server.
    super({ keepAlive: true, scheduling: 'lifo', maxSockets: parts.maxSockets })
    this.#parts = parts
    this.#first = prepared(first)
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback: (error: Error | null, socket: Duplex) => void,
  ): Duplex | undefined {
    const first = this.#first
    this.#first = null
    if (first !== null && !first.destroyed) return first
    const { clock, onRefused } = this.#parts
    const socket = this.#parts.dial({
      onConnected(connected) {
        timer.cancel()
        callback(null, prepared(connected))
      },
      onFailed(error) {
        timer.cancel()
        onRefused(error)
        callback(error, socket)
      },
    })
    const timer = clock.schedule(() => socket.destroy(lateError()), MIN_CONNECT_TIMEOUT_MS)
    return undefined
  }

  /** Whether to keep a socket whose request has ended. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#isClosed) return false
    // It returns false to refuse, although its type is void.
    const isKept: unknown = super.keepSocketAlive(socket)
    return isKept !== false
  }

  /** Closes idle sockets, and the others when their requests have ended. */
  close(): void {
    this.#isClosed = true
    this.#first?.destroy()
    this.#first = null
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }
}

/** Makes the socket close as soon as the server closes it, even while nothing reads from it. */
function prepared(socket: Socket): Socket {
  socket.allowHalfOpen = false
  socket.on('error', () => {})
  return socket.resume()
}

function lateError(): Error {
  return new Error(`no connection within ${MIN_CONNECT_TIMEOUT_MS} ms`)
}
