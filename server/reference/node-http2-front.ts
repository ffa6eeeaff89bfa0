/** The HTTP/2 side of the port on node:http2: a server that does not listen, and its sessions. */
import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type Http2Stream,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { ConnectionAges } from '../listen/connection-ages.ts'
import type { IdleConnection } from '../listen/connection-limits.ts'
import type { Http2Front } from '../listen/http2-front.ts'
import { IdleQueue } from '../listen/idle-queue.ts'
import { IdleWatch } from '../listen/idle-watch.ts'
import type { ResolvedOnePortOptions } from '../listen/one-port-options.ts'
import type { PortConnection } from '../listen/port-connection.ts'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'

/** The highest stream id, which the first of two GOAWAY frames names (RFC 9113 section 6.8). */
const MAX_STREAM_ID = 2 ** 31 - 1

/** How long to wait for the PING that follows the first GOAWAY, before the second one is sent anyway. */
const DRAIN_PING_MS = 5_000

/**
 * The receive windows of a connection and of a stream. The defaults of 65,535 bytes limit the throughput of distant
 * clients.
 */
const CONNECTION_WINDOW_BYTES = 1_048_576
const STREAM_WINDOW_BYTES = 131_072

/** Creates the HTTP/2 side of a port. */
export function createHttp2Front(options: ResolvedOnePortOptions, handler: NodeHandler): Http2Front {
  return new NodeHttp2Front(options, handler)
}

/** Serves the calls that Connect's plugin answers. */
class NodeHttp2Front implements Http2Front {
  readonly #server: Http2Server
  readonly #options: ResolvedOnePortOptions
  readonly #ages: ConnectionAges
  /** A session without a stream is idle, whatever frames its peer sends (as MAX_CONNECTION_IDLE in gRPC). */
  readonly #sessions: IdleWatch<OpenSession>
  readonly #idle = new IdleQueue<OpenSession>({
    connections: () => this.#sessions.connections,
    idleSinceOf,
  })

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler) {
    this.#options = options
    this.#ages = new ConnectionAges(options.keepalive, { timers: options.http2.timers })
    this.#sessions = new IdleWatch({
      idleTimeoutMs: options.idleTimeoutMs,
      idleSinceOf,
      onIdle: ({ session }) => session.close(),
    })
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: options.maxConcurrentStreams,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: options.maxHeaderListBytes,
        enableConnectProtocol: false,
      },
      // Higher than the limit of the request guard, which refuses most excess with a response. 4 is the number of
      // pseudo-headers.
      maxHeaderListPairs: 2 * options.maxHeaderFields + 4,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      maxSessionMemory: 32,
      unknownProtocolTimeout: options.sniffTimeoutMs,
    })
    this.#server.on('request', handler)
    this.#server.on('session', (session) => this.#onSession(session))
    this.#server.on('sessionError', () => {})
  }

  /** Takes over a connection whose preface has not been read. HTTP/2 has no half-open connections, so FIN ends it. */
  accept(socket: Socket): void {
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  /**
   * Ends every session gracefully (RFC 9113 section 6.8). A first GOAWAY asks the client to open no more streams. When
   * it has answered a PING, so that everything it sent before has arrived, a second GOAWAY refuses later streams. Open
   * streams go on. A session without streams ends at once, with one GOAWAY.
   */
  drain(): void {
    for (const open of this.#sessions.connections) drainSession(open, '')
  }

  /** The socket of a destroyed session throws when it is read. */
  *connections(): Generator<PortConnection, void> {
    for (const { session } of this.#sessions.connections) {
      if (!session.destroyed) yield { key: session, socket: session.socket, session: null }
    }
  }

  findLongestIdle(nowMs: number): IdleConnection | undefined {
    const longest = this.#idle.findLongest(nowMs)
    if (longest === undefined) return undefined
    const end = () => {
      this.#idle.take()
      longest.connection.session.close()
    }
    return { idleMs: nowMs - longest.sinceMs, end }
  }

  clearIdle(): void {
    this.#idle.clear()
  }

  /** Does nothing, because node:http2 cannot send a last message to such a client. */
  cut(): void {}

  /** A session without an `error` listener would end the process. */
  #onSession(session: ServerHttp2Session): void {
    const open = { session, streams: new OpenStreams(session) }
    this.#sessions.add(open)
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    this.#expectSettings(session)
    session.on('error', () => {})
    const forgetAge = this.#ages.watch({ retire: () => drainSession(open, 'max_age'), end: () => session.destroy() })
    session.once('close', () => {
      this.#sessions.delete(open)
      forgetAge()
    })
  }

  /** Destroys a session whose client does not send its SETTINGS and acknowledge ours within the handshake time. */
  #expectSettings(session: ServerHttp2Session): void {
    const timer = setTimeout(() => session.destroy(), this.#options.handshakeTimeoutMs)
    let isMissing = 2
    const onSettings = () => {
      isMissing -= 1
      if (isMissing === 0) clearTimeout(timer)
    }
    session.once('remoteSettings', onSettings).once('localSettings', onSettings)
    session.once('close', () => clearTimeout(timer))
  }
}

/** A session with the count of its streams, which node:http2 does not expose. */
interface OpenSession {
  readonly session: ServerHttp2Session
  readonly streams: OpenStreams
}

function idleSinceOf({ session, streams }: OpenSession): number | undefined {
  return session.closed || !streams.isEmpty ? undefined : streams.idleSinceMs
}

/**
 * After a GOAWAY node:http2 reads only while a stream is open. Without one, the PING would never be answered.
 *
 * @param reason the debug data of the GOAWAY
 */
function drainSession({ session, streams }: OpenSession, reason: string): void {
  if (session.destroyed || session.closed) return
  if (streams.isEmpty) {
    session.close()
    return
  }
  const finish = () => {
    clearTimeout(timer)
    if (!session.destroyed) session.close()
  }
  const timer = setTimeout(finish, DRAIN_PING_MS).unref()
  session.once('close', () => clearTimeout(timer))
  streams.onEmpty(finish)
  session.goaway(constants.NGHTTP2_NO_ERROR, MAX_STREAM_ID, Buffer.from(reason))
  if (!session.ping(finish)) finish()
}

/** Counts the open streams of a session. Must be created before it has a stream. */
export class OpenStreams {
  /** How many streams have been opened. */
  started = 0
  /** When the last open stream closed, by `performance.now()`. */
  idleSinceMs = performance.now()
  #count = 0
  #onEmpty = () => {}

  constructor(session: Http2Session) {
    session.on('stream', (stream: Http2Stream) => {
      this.started += 1
      this.#count += 1
      stream.once('close', () => this.#onStreamClose())
    })
  }

  /** Whether no stream is open. */
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Sets the callback for when the last open stream closes. Replaces the previous one. */
  onEmpty(callback: () => void): void {
    this.#onEmpty = callback
  }

  #onStreamClose(): void {
    this.#count -= 1
    if (this.#count > 0) return
    this.idleSinceMs = performance.now()
    this.#onEmpty()
  }
}
