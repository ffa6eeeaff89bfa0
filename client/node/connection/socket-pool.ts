/** The sockets of one address over HTTP/1.1: kept alive from one request to the next. */
import { Agent, type ClientRequestArgs } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import { MIN_CONNECT_TIMEOUT_MS } from '../contracts/connection-backoff.ts'
import type { DialListener } from './dial.ts'

/** Where sockets come from. */
export interface SocketPoolParts {
  /** How many there may be. */
  readonly maxSockets: number
  /** When to give up on one that does not come. */
  readonly clock: Clock
  dial(listener: DialListener): Socket
  /** A socket could not be opened; the request that needed it fails with the same error. */
  readonly onRefused: (error: ConnectError) => void
}

/** Node's agent, which honours what servers say of their patience (`Keep-Alive: timeout`), with sockets that are ours. */
export class SocketPool extends Agent {
  readonly #parts: SocketPoolParts
  #first: Socket | null
  #isClosed = false

  /** @param first a socket that is connected: the first request takes it */
  constructor(first: Socket, parts: SocketPoolParts) {
    // What was used last is the least likely to be closed by the server just now.
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

  /** Whether a socket whose request has ended is kept. */
  override keepSocketAlive(socket: Duplex): boolean {
    if (this.#isClosed) return false
    // It says no by false, whatever its type says.
    const isKept: unknown = super.keepSocketAlive(socket)
    return isKept !== false
  }

  /** Closes the sockets that have nothing to do, and each other one when its request has ended. */
  close(): void {
    this.#isClosed = true
    this.#first?.destroy()
    this.#first = null
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }
}

/** A server that hangs up is through with the socket, and it closes at once, even while nobody reads from it. */
function prepared(socket: Socket): Socket {
  socket.allowHalfOpen = false
  socket.on('error', () => {})
  return socket.resume()
}

function lateError(): Error {
  return new Error(`no connection within ${MIN_CONNECT_TIMEOUT_MS} ms`)
}
