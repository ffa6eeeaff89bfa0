/** Creates the HTTP/1.1 connections of a channel over TCP, TLS and Unix sockets. */
import type { Clock } from '../../../wire/http2/http2.ts'
import type { ConnectionAttempt, ConnectionListener, Connector } from '../contracts/connector.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { MetadataLimits } from '../contracts/metadata-limits.ts'
import { type DialListener, type DialRoute, dial } from './dial.ts'
import { Http1Connection } from './http1-connection.ts'
import { OpenSockets } from './open-sockets.ts'

/** Options of a connector. */
export interface Http1ConnectorOptions extends DialRoute {
  /** Maximum number of sockets per address. */
  readonly maxSockets: number
  /** The limits of response heads. */
  readonly metadataLimits: MetadataLimits
  readonly clock: Clock
}

/** The connector of one channel. */
export class Http1Connector implements Connector {
  readonly #options: Http1ConnectorOptions
  readonly #sockets = new OpenSockets()

  constructor(options: Http1ConnectorOptions) {
    this.#options = options
  }

  /** Opens the first socket, which shows that the address works. More sockets follow as needed. */
  connect(address: Address, listener: ConnectionListener): ConnectionAttempt {
    const { maxSockets, metadataLimits, clock } = this.#options
    let connection: Http1Connection | undefined
    let isClosed = false
    const first = this.#dial(address, {
      onConnected: (socket) => {
        connection = new Http1Connection(socket, {
          address,
          maxSockets,
          metadataLimits,
          clock,
          dial: (dialListener) => this.#dial(address, dialListener),
          onLeaving: (departure) => listener.onLeaving(departure),
        })
        listener.onReady(connection)
      },
      onFailed: (error) => {
        if (!isClosed) listener.onFailed(error)
      },
    })
    return {
      close() {
        isClosed = true
        if (connection === undefined) first.destroy()
        else connection.close()
      },
    }
  }

  /** Closes every connection immediately, and resolves when all sockets are closed. */
  async close(): Promise<void> {
    this.#sockets.destroy()
    await this.#sockets.whenClosed()
  }

  #dial(address: Address, listener: DialListener): ReturnType<typeof dial> {
    const { tls, proxy } = this.#options
    const route: DialRoute = { tls: tls === null ? null : { ...tls, alpn: 'http/1.1' }, proxy }
    const socket = dial(address, route, listener)
    this.#sockets.add(socket)
    return socket
  }
}
