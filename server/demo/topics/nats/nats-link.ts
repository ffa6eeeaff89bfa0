/** A connection to NATS that comes back, and fails what waits for it as soon as it is lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { connectNats, NatsRefusal } from '../../../../wire/nats/connect-nats.ts'
import { type NatsAddress, parseNatsAddress } from '../../../../wire/nats/nats-address.ts'

/** How to reach NATS. */
export interface NatsLinkOptions {
  /** `nats://HOST:PORT`, with credentials if NATS asks for them; several separated by commas. See parseNatsAddress. */
  readonly url: string
  /** Proves who the client is by other means than the URL, such as `credsAuthenticator()`. */
  readonly authenticator?: Authenticator | undefined
  /** Settings of TLS, which is used if they or the URL ask for it. */
  readonly tls?: NodeConnectionOptions['tls'] | undefined
  /** How NATS shows the connection to its operators. */
  readonly name: string
  /** After how much silence NATS counts as unavailable, in milliseconds. */
  readonly timeoutMs: number
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
}

/** What the user of a link does when it comes and goes. */
export interface NatsLinkUser {
  /**
   * Makes NATS ready for use, after each connect. May be called several times. NATS does not count as available before it resolves; it
   * is called again if it rejects.
   */
  prepare(connection: NatsConnection): Promise<void>
  /** NATS is available now, or is not any more. */
  onAvailable(isAvailable: boolean): void
}

const MIN_WAIT_MS = 100
const WAIT_SPREAD_MS = 900
/** A refusal seldom passes soon. */
const REFUSED_WAIT_MS = 2_000

/** Connects, and reconnects until it is closed. The waits are random, so that clients do not all come back at once. */
export class NatsLink {
  readonly #options: NatsLinkOptions
  readonly #address: NatsAddress
  readonly #user: NatsLinkUser
  readonly #closing = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  /** Rejects what waits for an answer. The client of NATS itself would let that wait for its own timeout. */
  readonly #waiting = new Set<(reason: Error) => void>()
  #connection: NatsConnection | null = null
  #isConnected = false
  #isAvailable = false
  #hasStarted = false
  #isPreparing = false

  /** @throws TypeError if the URL is wrong */
  constructor(options: NatsLinkOptions, user: NatsLinkUser) {
    this.#options = options
    this.#address = parseNatsAddress(options.url)
    this.#user = user
  }

  /** Whether NATS is connected and prepared. */
  get isAvailable(): boolean {
    return this.#isAvailable
  }

  /**
   * Resolves once NATS is available, however long that takes. Rejects with the first NatsRefusal, or when the link is closed. It tries
   * again after a refusal too, until it is closed.
   */
  start(): Promise<void> {
    void this.#prepare()
    return this.#started.promise
  }

  /** Runs requests. Rejects at once if NATS is not available, and as soon as it no longer is. */
  run<T>(work: (connection: NatsConnection) => Promise<T>): Promise<T> {
    const connection = this.#connection
    if (!this.#isAvailable || connection === null) return Promise.reject(new Error('nats: not connected'))
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      const settled = () => this.#waiting.delete(reject)
      work(connection).then(resolve, reject).finally(settled)
    })
  }

  /** Reports that requests fail although NATS is connected: it is unavailable until it can be prepared again. */
  suspect(): void {
    if (!this.#isAvailable) return
    this.#setAvailable(false)
    void this.#prepare()
  }

  /** Closes the connection. What waits for answers is rejected. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#setAvailable(false)
    this.#started.promise.catch(() => {})
    this.#started.reject(new Error('nats: the connection was closed'))
    await this.#connection?.close()
  }

  async #connect(): Promise<NatsConnection> {
    const { isSecure, ...address } = this.#address
    const { name, timeoutMs, authenticator, tls = isSecure ? {} : undefined } = this.#options
    const reconnectDelayMs = () => this.#waitMs()
    const connection = await connectNats({ ...address, name, timeoutMs, authenticator, tls, reconnectDelayMs })
    this.#connection = connection
    this.#isConnected = true
    void this.#follow(connection)
    if (this.#closing.signal.aborted) await connection.close()
    return connection
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (connection !== this.#connection) return
      if (type === 'disconnect') {
        this.#isConnected = false
        this.#setAvailable(false)
      } else if (type === 'reconnect') {
        this.#isConnected = true
        void this.#prepare()
      }
    }
  }

  /** Connects if there is no connection, and prepares it. Never rejects. Ends when NATS is available, or no longer connected. */
  async #prepare(): Promise<void> {
    if (this.#isPreparing) return
    this.#isPreparing = true
    while (!this.#closing.signal.aborted && (this.#connection === null || this.#isConnected)) {
      try {
        const connection = this.#connection ?? (await this.#connect())
        await this.#user.prepare(connection)
        if (this.#isConnected) this.#open()
        break
      } catch (cause) {
        if (cause instanceof NatsRefusal) await this.#refused(cause)
        await this.#wait()
      }
    }
    this.#isPreparing = false
  }

  #open(): void {
    this.#hasStarted = true
    this.#setAvailable(true)
    this.#started.resolve()
  }

  /** Once it has started, the connection is kept: it has the subscriptions. */
  async #refused(refusal: NatsRefusal): Promise<void> {
    if (!this.#hasStarted) {
      this.#started.reject(refusal)
      const connection = this.#connection
      this.#connection = null
      await connection?.close()
    }
    await this.#wait(REFUSED_WAIT_MS)
  }

  #setAvailable(isAvailable: boolean): void {
    if (isAvailable === this.#isAvailable || (isAvailable && this.#closing.signal.aborted)) return
    this.#isAvailable = isAvailable
    if (!isAvailable) {
      for (const reject of this.#waiting) reject(new Error('nats: the connection was lost'))
      this.#waiting.clear()
    }
    this.#user.onAvailable(isAvailable)
  }

  #waitMs(): number {
    return MIN_WAIT_MS + this.#options.random() * WAIT_SPREAD_MS
  }

  async #wait(ms = this.#waitMs()): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}
