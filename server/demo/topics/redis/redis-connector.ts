/** Opens the sockets to Redis. */
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'

/**
 * What ioredis does by itself, but for errors: it listens for one error of a socket, and TLS may report a second one, such as the alert
 * after a certificate that was refused. That would end the process.
 */
export class RedisConnector extends AbstractConnector {
  readonly #options: RedisOptions

  /** ioredis hands over its own options. */
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
