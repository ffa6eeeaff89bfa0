/** Opens the sockets to Redis. */
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'

/**
 * Does what the connector of ioredis does, and also handles a second error of a socket. TLS may report one, such as the alert after a
 * certificate was refused. Without a listener it would end the process.
 */
export class RedisConnector extends AbstractConnector {
  readonly #options: RedisOptions

  /** ioredis passes its own options. */
  constructor(options: unknown) {
    const own = options as RedisOptions
    super(own.disconnectTimeout ?? 0)
    this.#options = own
  }

  async connect(): Promise<AbstractConnector['stream']> {
    const { host = 'localhost', port = 6379, tls } = this.#options
    this.connecting = true
    this.stream = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ...tls })
    this.stream.on('error', (error) => {
      this.firstError ??= error
    })
    return this.stream
  }
}
