/** The HTTP/2 half of the port on node:http2: a server that never listens itself, and its sessions. */
import { constants, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { IdleConnection } from './connection-limits.ts'
import type { NodeHandler } from './node-exchange.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import { OpenStreams } from './open-streams.ts'

/** RFC 9113 section 6.8: the first of two GOAWAY frames names the highest stream id there is. */
const MAX_STREAM_ID = 2 ** 31 - 1

/** How long the first GOAWAY's PING may take before the second GOAWAY goes out without it. */
const DRAIN_PING_MS = 5_000

const CONNECTION_WINDOW_BYTES = 1_048_576
const STREAM_WINDOW_BYTES = 131_072

/** Answers the connections that speak HTTP/2, and ends them in two steps when the port closes. */
export class Http2Front {
  readonly #server: Http2Server
  readonly #options: ResolvedOnePortOptions
  readonly #sessions = new Map<ServerHttp2Session, OpenStreams>()

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler) {
    this.#options = options
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: options.maxConcurrentStreams,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: options.maxHeaderListBytes,
        enableConnectProtocol: false,
      },
      // Above what the request guard refuses with an answer, so that most excess gets one; the four are pseudo-headers.
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

  /** Takes over a connection whose preface is not read yet. HTTP/2 has no use for half a connection: FIN ends it. */
  accept(socket: Socket): void {
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  /**
   * Ends every session gracefully (RFC 9113 section 6.8): a first GOAWAY asks for no more streams, and once the peer has
   * answered a PING, so that what it sent before is here, the second one refuses later streams. Open streams go on. A session
   * without one ends at once, with one GOAWAY.
   */
  drain(): void {
    for (const [session, streams] of this.#sessions) drainSession(session, streams)
  }

  /** None: it is not known here since when a session idles. */
  findLongestIdle(): IdleConnection | undefined {
    return undefined
  }

  /** Nothing: node:http2 says nothing to a peer whose time is over. */
  cut(): void {}

  #onSession(session: ServerHttp2Session): void {
    const streams = new OpenStreams(session)
    this.#sessions.set(session, streams)
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    this.#expectSettings(session)
    this.#closeWhenIdle(session, streams)
    session.on('error', () => {})
    session.once('close', () => this.#sessions.delete(session))
  }

  /** A peer shows within the handshake time that it speaks HTTP/2: its SETTINGS, and the ACK of ours. */
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

  #closeWhenIdle(session: ServerHttp2Session, streams: OpenStreams): void {
    const { idleTimeoutMs } = this.#options
    if (idleTimeoutMs === 0) return
    session.setTimeout(idleTimeoutMs)
    session.on('timeout', () => {
      if (streams.isEmpty) session.close()
    })
  }
}

/** Behind a GOAWAY node:http2 reads only while a stream is open: without one there is no answer to wait for. */
function drainSession(session: ServerHttp2Session, streams: OpenStreams): void {
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
  session.goaway(constants.NGHTTP2_NO_ERROR, MAX_STREAM_ID)
  if (!session.ping(finish)) finish()
}
