/** The HTTP/2 half of the port on our own sessions: calls go to their entries, everything else to Fastify. */
import type { Socket } from 'node:net'
import { createServerSession, type Http2Session, type NormalizedHttp2Options } from '../../wire/http2/http2.ts'
import type { IdleConnection } from './connection-limits.ts'
import { NativeHttp2Connection, type NativeHttp2Host } from './native-http2-connection.ts'

/** How often idle connections are looked for, as a share of the time that they may idle; at most this long. */
const SWEEPS_PER_LIMIT = 4
const LONGEST_SWEEP_MS = 30_000

/** What a front needs. */
export interface NativeHttp2FrontOptions extends Pick<NativeHttp2Host, 'calls' | 'serve'> {
  readonly http2: NormalizedHttp2Options
  /** How long a connection without a stream stays open; 0: for ever. */
  readonly idleTimeoutMs: number
}

/** Answers the connections that speak HTTP/2, and ends them in two steps when the port closes. */
export class NativeHttp2Front {
  readonly #options: NativeHttp2FrontOptions
  readonly #connections = new Map<NativeHttp2Connection, Http2Session>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: NativeHttp2FrontOptions) {
    this.#options = options
  }

  /** Takes over a connection whose preface is not read yet. */
  accept(socket: Socket): void {
    const { calls, serve, http2, idleTimeoutMs } = this.#options
    const onClose = (connection: NativeHttp2Connection) => this.#forget(connection)
    const connection = new NativeHttp2Connection(socket, { calls, serve, onClose })
    const session = createServerSession(socket, http2, connection)
    this.#connections.set(connection, session)
    if (idleTimeoutMs > 0) this.#timer ??= setInterval(() => this.#sweep(), this.#sweepMs).unref()
    session.start()
  }

  /** The connection without a stream that can be missed best. */
  findLongestIdle(now: number): IdleConnection | undefined {
    let longest: IdleConnection | undefined
    for (const [connection, session] of this.#connections) {
      const idleMs = connection.idleMs(session, now)
      if (longest === undefined || idleMs > longest.idleMs) longest = { idleMs, end: () => session.close(0) }
    }
    return longest
  }

  /** Ends every session gracefully (RFC 9113 section 6.8): GOAWAY in two steps; open streams go on. */
  drain(): void {
    for (const session of this.#connections.values()) session.close()
  }

  /** Resets what is still open, and tells each peer that this was it. */
  cut(): void {
    for (const session of this.#connections.values()) session.close(0)
  }

  get #sweepMs(): number {
    return Math.min(Math.ceil(this.#options.idleTimeoutMs / SWEEPS_PER_LIMIT), LONGEST_SWEEP_MS)
  }

  #sweep(): void {
    const { idleTimeoutMs } = this.#options
    const now = performance.now()
    for (const [connection, session] of this.#connections) {
      if (connection.idleMs(session, now) > idleTimeoutMs) session.close()
    }
  }

  #forget(connection: NativeHttp2Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
