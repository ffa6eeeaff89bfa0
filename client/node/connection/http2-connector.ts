/** Creates the HTTP/2 connections of a channel over TCP, TLS and Unix sockets. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  createClientSession,
  ErrorCode,
  type Goaway,
  type Http2Session,
  Keepalive,
  type NormalizedHttp2Options,
  TOO_MANY_PINGS,
} from '../../../wire/http2/http2.ts'
import { SessionRecord } from '../channelz/session-record.ts'
import type { ConnectionAttempt, ConnectionListener, Connector } from '../contracts/connector.ts'
import { type Address, addressText } from '../contracts/endpoint.ts'
import { type DialRoute, dial } from './dial.ts'
import { Http2Connection } from './http2-connection.ts'
import { type KeepaliveOptions, MAX_TIME_MS } from './keepalive.ts'
import { OpenSockets } from './open-sockets.ts'

/** Options of a connector. */
export interface Http2ConnectorOptions extends DialRoute {
  readonly http2: NormalizedHttp2Options
  readonly keepalive: KeepaliveOptions
  /** Receives the error that a callback of a call has thrown. */
  readonly onFault: (error: unknown) => void
}

/** The connector of one channel. */
export class Http2Connector implements Connector {
  readonly #options: Http2ConnectorOptions
  readonly #sockets = new OpenSockets()
  readonly #sessions = new Set<Http2Session>()
  #keepaliveTimeMs: number

  constructor(options: Http2ConnectorOptions) {
    this.#options = options
    this.#keepaliveTimeMs = options.keepalive.timeMs
  }

  /** The keepalive time of new connections: doubled once after a server has complained. */
  get keepaliveTimeMs(): number {
    return this.#keepaliveTimeMs
  }

  connect(address: Address, listener: ConnectionListener): ConnectionAttempt {
    let connection: Http2Connection | undefined
    let isClosed = false
    const socket = dial(address, this.#options, {
      onConnected: (connected) => {
        connection = this.#createConnection(connected, address, listener)
        connection.start()
      },
      onFailed: (error) => {
        if (!isClosed) listener.onFailed(error)
      },
    })
    this.#sockets.add(socket)
    return {
      close: () => {
        isClosed = true
        if (connection === undefined) socket.destroy()
        else connection.close()
      },
    }
  }

  /** Closes every connection immediately, and resolves when all sockets are closed. */
  async close(): Promise<void> {
    for (const session of this.#sessions) session.destroy(ErrorCode.NO_ERROR)
    await this.#sockets.whenClosed()
  }

  /** Creates a connection, which calls the listener once it is started. */
  #createConnection(socket: Socket | TLSSocket, address: Address, listener: ConnectionListener): Http2Connection {
    const peer = addressText(address)
    const connecting = { isReady: false }
    const session = createClientSession(socket, this.#options.http2, {
      onSettings: () => {
        if (connecting.isReady) return connection.onCapacity()
        connecting.isReady = true
        keepalive.wake()
        listener.onReady(connection)
      },
      onPingAck: () => keepalive.onPingAck(),
      onGoaway: (_session, goaway) => {
        this.#heed(goaway)
        connection.onGoaway(goaway)
      },
      onCapacity: () => connection.onCapacity(),
      onFault: (_session, error) => this.#options.onFault(error),
      onClose: (_session, error) => {
        this.#sessions.delete(session)
        connection.onClose(error)
      },
    })
    this.#sessions.add(session)
    const keepalive = this.#watch(session)
    const connection = new Http2Connection({
      session,
      keepalive,
      peer,
      socket: new SessionRecord({ socket, session, address, clock: this.#options.http2.timers.clock }),
      onLeaving: (departure) => {
        if (connecting.isReady) listener.onLeaving(departure)
        else listener.onFailed(notReady(peer, departure.error))
      },
    })
    return connection
  }

  #watch(session: Http2Session): Keepalive {
    const { keepalive, http2 } = this.#options
    return new Keepalive(session, {
      options: keepalive,
      timeMs: this.#keepaliveTimeMs,
      clock: http2.timers.clock,
      onDead: () => session.destroy(ErrorCode.NO_ERROR, 'keepalive timeout'),
    })
  }

  #heed({ code, reason }: Goaway): void {
    const { timeMs } = this.#options.keepalive
    const isComplaint = code === ErrorCode.ENHANCE_YOUR_CALM && reason === TOO_MANY_PINGS
    if (isComplaint && timeMs !== Number.POSITIVE_INFINITY) this.#keepaliveTimeMs = Math.min(timeMs * 2, MAX_TIME_MS)
  }
}

function notReady(peer: string, { rawMessage }: ConnectError): ConnectError {
  return new ConnectError(`no HTTP/2 connection to ${peer}: ${rawMessage}`, Code.Unavailable)
}
