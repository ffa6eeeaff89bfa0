/** The HTTP/2 half of the port on node:http2: a server that never listens itself, and its sessions. */
import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type Http2Stream,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { IdleConnection } from '../listen/connection-limits.ts'
import type { Http2Front } from '../listen/http2-front.ts'
import { IdleQueue } from '../listen/idle-queue.ts'
import { IdleWatch } from '../listen/idle-watch.ts'
import type { ResolvedOnePortOptions } from '../listen/one-port-options.ts'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'

/** RFC 9113 section 6.8: the first of two GOAWAY frames names the highest stream id there is. */
const MAX_STREAM_ID = 2 ** 31 - 1

/** How long the first GOAWAY's PING may take before the second GOAWAY goes out without it. */
const DRAIN_PING_MS = 5_000

const CONNECTION_WINDOW_BYTES = 1_048_576
const STREAM_WINDOW_BYTES = 131_072

/** Makes the front of a port. */
export function createHttp2Front(options: ResolvedOnePortOptions, handler: NodeHandler): Http2Front {
  return new NodeHttp2Front(options, handler)
}

/** The front of a port whose calls Connect's plugin answers. */
class NodeHttp2Front implements Http2Front {
  readonly #server: Http2Server
  readonly #options: ResolvedOnePortOptions
  /** A session without a stream is idle, whatever else its peer sends (as in gRPC, MAX_CONNECTION_IDLE). */
  readonly #sessions: IdleWatch<OpenSession>
  readonly #idle = new IdleQueue<OpenSession>({
    connections: () => this.#sessions.connections,
    idleSinceOf: ({ session, streams }) => (session.closed || !streams.isEmpty ? undefined : streams.idleSinceMs),
  })

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler) {
    this.#options = options
    this.#sessions = new IdleWatch({
      idleTimeoutMs: options.idleTimeoutMs,
      progressOf: ({ streams }) => streams.started,
      isBusy: ({ streams }) => !streams.isEmpty,
      onIdle: ({ session }) => session.close(),
    })
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
    for (const open of this.#sessions.connections) drainSession(open)
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

  /** Nothing: node:http2 says nothing to a peer whose time is over. */
  cut(): void {}

  #onSession(session: ServerHttp2Session): void {
    const open = { session, streams: new OpenStreams(session) }
    this.#sessions.add(open)
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    this.#expectSettings(session)
    session.on('error', () => {})
    session.once('close', () => this.#sessions.delete(open))
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
}

interface OpenSession {
  readonly session: ServerHttp2Session
  readonly streams: OpenStreams
}

/** Behind a GOAWAY node:http2 reads only while a stream is open: without one there is no answer to wait for. */
function drainSession({ session, streams }: OpenSession): void {
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

/** Made with the session, before it has a stream. */
export class OpenStreams {
  /** How many there have been. */
  started = 0
  /** When the last open stream ended, by `performance.now()`. */
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

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Calls back whenever the last open stream closes, instead of whoever asked before. */
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
