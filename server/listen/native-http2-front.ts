/** The HTTP/2 side of the port on our own sessions. Calls go to their lanes, everything else to Fastify. */
import type { Socket } from 'node:net'
import {
  createServerSession,
  ErrorCode,
  type Http2Session,
  Keepalive,
  type NormalizedHttp2Options,
} from '../../wire/http2/http2.ts'
import { ConnectionAges } from './connection-ages.ts'
import type { IdleConnection } from './connection-limits.ts'
import type { Carrier } from './forwarded/memory-socket.ts'
import type { Http2Front } from './http2-front.ts'
import { IdleQueue } from './idle-queue.ts'
import { IdleWatch } from './idle-watch.ts'
import type { ResolvedKeepaliveOptions } from './keepalive-options.ts'
import { NativeHttp2Connection, type NativeHttp2Host } from './native-http2-connection.ts'
import type { PortConnection } from './port-connection.ts'

/** How long responses may take to leave before the remaining streams are reset. */
const CUT_GRACE_MS = 50

/** What a front needs. */
export interface NativeHttp2FrontOptions extends Pick<NativeHttp2Host, 'calls' | 'hosts' | 'serve' | 'tunnels'> {
  readonly http2: NormalizedHttp2Options
  /** How long a connection without a stream stays open; 0 for no limit. */
  readonly idleTimeoutMs: number
  readonly keepalive: ResolvedKeepaliveOptions
  /** Returns a number from 0 up to 1, for the age of a connection. Default: Math.random. */
  readonly random?: () => number
}

/** The debug data of a GOAWAY, as in grpc-go. */
const MAX_IDLE = 'max_idle'
const MAX_AGE = 'max_age'

/** Serves HTTP/2 connections, and ends them in two steps when the port closes. */
export class NativeHttp2Front implements Http2Front {
  readonly #options: NativeHttp2FrontOptions
  readonly #ages: ConnectionAges
  /** A connection without a stream is idle, whatever frames its peer sends (as MAX_CONNECTION_IDLE in gRPC). */
  readonly #sessions: IdleWatch<Http2Session>
  readonly #idle = new IdleQueue<Http2Session>({
    connections: () => this.#sessions.connections,
    idleSinceOf,
  })

  readonly #carriers = new WeakMap<Http2Session, Carrier>()

  constructor(options: NativeHttp2FrontOptions) {
    this.#options = options
    const { http2, idleTimeoutMs, keepalive, random } = options
    this.#ages = new ConnectionAges(keepalive, { timers: http2.timers, ...(random && { random }) })
    this.#sessions = new IdleWatch({
      idleTimeoutMs,
      idleSinceOf,
      onIdle: (session) => session.close(undefined, MAX_IDLE),
      clock: http2.timers.clock,
    })
  }

  accept(socket: Socket): void {
    const { calls, hosts, serve, tunnels = null, http2 } = this.#options
    const onClose = () => {
      this.#sessions.delete(session)
      keepalive.stop()
      forgetAge()
    }
    const onPingAck = () => keepalive.onPingAck()
    const connection = new NativeHttp2Connection(socket, { calls, hosts, serve, tunnels, onClose, onPingAck })
    const session = createServerSession(socket, http2, connection)
    this.#carriers.set(session, connection.carrier)
    const keepalive = this.#createKeepalive(session)
    const forgetAge = this.#ages.watch({
      retire: () => session.close(undefined, MAX_AGE),
      end: () => session.destroy(ErrorCode.NO_ERROR, MAX_AGE),
    })
    this.#sessions.add(session)
    keepalive.wake()
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

  *connections(): Generator<PortConnection, void> {
    for (const session of this.#sessions.connections) {
      const carrier = this.#carriers.get(session)
      if (carrier !== undefined) yield { key: carrier.connection, socket: carrier.socket, session }
    }
  }

  drain(): void {
    for (const session of this.#sessions.connections) session.close()
  }

  /** Closes every session after a short grace period, in which the final responses can leave. */
  cut(): void {
    for (const session of this.#sessions.connections) session.close(CUT_GRACE_MS)
  }

  #createKeepalive(session: Http2Session): Keepalive {
    const { http2, keepalive } = this.#options
    const { timeMs, timeoutMs } = keepalive
    return new Keepalive(session, {
      timeMs: timeMs === 0 ? Number.POSITIVE_INFINITY : timeMs,
      options: { timeoutMs, permitWithoutCalls: true },
      clock: http2.timers.clock,
      onDead: () => session.destroy(ErrorCode.NO_ERROR, 'keepalive timeout'),
    })
  }
}

function idleSinceOf({ isClosing, openStreams, stats }: Http2Session): number | undefined {
  return isClosing || openStreams > 0 ? undefined : stats.idleSinceMs
}
