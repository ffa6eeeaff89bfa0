/** The HTTP/2 side of the port on our own sessions. Calls go to their lanes, everything else to Fastify. */
import type { Socket } from 'node:net'
import { createServerSession, type Http2Session, type NormalizedHttp2Options } from '../../wire/http2/http2.ts'
import type { IdleConnection } from './connection-limits.ts'
import type { Http2Front } from './http2-front.ts'
import { IdleQueue } from './idle-queue.ts'
import { IdleWatch } from './idle-watch.ts'
import { NativeHttp2Connection, type NativeHttp2Host } from './native-http2-connection.ts'

/** How long responses may take to leave before the remaining streams are reset. */
const CUT_GRACE_MS = 50

/** What a front needs. */
export interface NativeHttp2FrontOptions extends Pick<NativeHttp2Host, 'calls' | 'hosts' | 'serve'> {
  readonly http2: NormalizedHttp2Options
  /** How long a connection without a stream stays open; 0 for no limit. */
  readonly idleTimeoutMs: number
}

/** Serves HTTP/2 connections, and ends them in two steps when the port closes. */
export class NativeHttp2Front implements Http2Front {
  readonly #options: NativeHttp2FrontOptions
  /** A connection without a stream is idle, whatever frames its peer sends (as MAX_CONNECTION_IDLE in gRPC). */
  readonly #sessions: IdleWatch<Http2Session>
  readonly #idle = new IdleQueue<Http2Session>({
    connections: () => this.#sessions.connections,
    idleSinceOf: ({ isClosing, openStreams, stats }) => (isClosing || openStreams > 0 ? undefined : stats.idleSinceMs),
  })

  constructor(options: NativeHttp2FrontOptions) {
    this.#options = options
    this.#sessions = new IdleWatch({
      idleTimeoutMs: options.idleTimeoutMs,
      progressOf: ({ stats }) => stats.streamsStarted,
      isBusy: ({ openStreams }) => openStreams > 0,
      onIdle: (session) => session.close(),
    })
  }

  accept(socket: Socket): void {
    const { calls, hosts, serve, http2 } = this.#options
    const onClose = () => this.#sessions.delete(session)
    const session = createServerSession(
      socket,
      http2,
      new NativeHttp2Connection(socket, { calls, hosts, serve, onClose }),
    )
    this.#sessions.add(session)
    session.start()
  }

  findLongestIdle(nowMs: number): IdleConnection | undefined {
    const longest = this.#idle.findLongest(nowMs)
    if (longest === undefined) return undefined
    const end = () => {
      this.#idle.take()
      longest.connection.close(0)
    }
    return { idleMs: nowMs - longest.sinceMs, end }
  }

  clearIdle(): void {
    this.#idle.clear()
  }

  drain(): void {
    for (const session of this.#sessions.connections) session.close()
  }

  /** Closes every session after a short grace period, in which the final responses can leave. */
  cut(): void {
    for (const session of this.#sessions.connections) session.close(CUT_GRACE_MS)
  }
}
