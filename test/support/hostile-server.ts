/** A server that sends hostile responses, byte by byte, for tests of the client. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { DEFAULT_MAX_FRAME_SIZE, FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import type { Frame } from './http2-frames.ts'
import { listenRaw } from './listen-raw.ts'
import { type RawFields, RawPeer } from './raw-http2.ts'

/** A listening hostile server. It is closed, with its connections, when the running test ends. */
export interface HostileServer {
  /** `http://127.0.0.1:PORT` */
  readonly baseUrl: string
  /** How many connections were opened so far. */
  readonly connections: number
}

/** A complete request. */
export interface HostileRequest {
  /** Counted from 0, over all connections. */
  readonly index: number
  /** Counted from 0, on this connection. */
  readonly indexOnConnection: number
}

/** Receives each connection. */
export async function startHostileServer(onConnection: (socket: Socket) => void): Promise<HostileServer> {
  let connections = 0
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    connections += 1
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    onConnection(socket)
  })
  const port = await listenRaw(server)
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
  }
}

/** The behaviour of an HTTP/2 server. */
export interface HostileHttp2 {
  /** The first SETTINGS. Default: empty. */
  readonly settings?: readonly (readonly [number, number])[]
  /** Sends its preface before it receives the client's. */
  onConnection?(peer: RawPeer): void
  /** Receives each request once it is complete. */
  onRequest?(peer: RawPeer, streamId: number, request: HostileRequest): void
}

/** Sends a valid RFC 9113 preface, and is hostile afterwards. */
export function startHostileHttp2(does: HostileHttp2): Promise<HostileServer> {
  let index = 0
  return startHostileServer((socket) => {
    const peer = new RawPeer(socket, true)
    peer.hello({ isClient: false, settings: does.settings ?? [] })
    does.onConnection?.(peer)
    void forEachRequest(peer, (streamId, indexOnConnection) => {
      does.onRequest?.(peer, streamId, { index: index++, indexOnConnection })
    })
  })
}

/** Receives each chunk from the client, which for a small request is all of it. */
export function startHostileHttp1(
  onRequest: (socket: Socket, request: HostileRequest) => void,
): Promise<HostileServer> {
  let index = 0
  return startHostileServer((socket) => {
    let indexOnConnection = 0
    socket.on('data', () => onRequest(socket, { index: index++, indexOnConnection: indexOnConnection++ }))
  })
}

/** Writes the same bytes repeatedly, with backpressure, this many times or until the socket closes. */
export async function flood(socket: Socket, octets: Buffer, times: number): Promise<void> {
  const perWrite = Math.max(1, Math.floor(65_536 / octets.byteLength))
  for (let sent = 0; sent < times && socket.writable; sent += perWrite) {
    const piece = Buffer.concat(Array.from({ length: Math.min(perWrite, times - sent) }, () => octets))
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
  }
}

async function forEachRequest(peer: RawPeer, act: (streamId: number, index: number) => void): Promise<void> {
  for (let index = 0; ; index++) {
    const last = await peer.frame(endsRequest, index + 1).catch(() => null)
    if (last === null) return
    act(last.streamId, index)
  }
}

function endsRequest({ type, flags }: Frame): boolean {
  return (type === FrameType.DATA || type === FrameType.HEADERS) && (flags & FrameFlag.END_STREAM) !== 0
}

/** A response in HTTP terms, independent of the version. */
export interface HostileAnswer {
  /** Default 200. */
  readonly status?: number
  readonly fields?: RawFields
  /** Default: none. */
  readonly body?: Buffer
  /** Over HTTP/2 only. */
  readonly trailers?: RawFields
  /** The response stops after the body, and the connection stays open. Default false. */
  readonly isUnfinished?: boolean
}

/** A server that always sends the same response. */
export interface AnsweringServer extends HostileServer {
  /** How many requests have come so far. */
  readonly requests: number
}

/** Sends every request the same response, correctly framed. */
export async function startHostileAnswers(httpVersion: '1.1' | '2', answer: HostileAnswer): Promise<AnsweringServer> {
  let requests = 0
  const server = await (httpVersion === '2'
    ? startHostileHttp2({
        onRequest(peer, streamId) {
          requests += 1
          answerHttp2(peer, streamId, answer)
        },
      })
    : startHostileHttp1((socket) => {
        requests += 1
        answerHttp1(socket, answer)
      }))
  return {
    baseUrl: server.baseUrl,
    get connections() {
      return server.connections
    },
    get requests() {
      return requests
    },
  }
}

function answerHttp2(peer: RawPeer, streamId: number, answer: HostileAnswer): void {
  const { status = 200, fields = [], body = Buffer.alloc(0), trailers, isUnfinished = false } = answer
  peer.headers(streamId, [[':status', String(status)], ...fields])
  for (let at = 0; at < body.byteLength; at += DEFAULT_MAX_FRAME_SIZE) {
    peer.send(FrameType.DATA, FrameFlag.NONE, streamId, body.subarray(at, at + DEFAULT_MAX_FRAME_SIZE))
  }
  if (isUnfinished) return
  if (trailers === undefined) peer.send(FrameType.DATA, FrameFlag.END_STREAM, streamId)
  else peer.headers(streamId, trailers, FrameFlag.END_HEADERS | FrameFlag.END_STREAM)
}

function answerHttp1(socket: Socket, answer: HostileAnswer): void {
  const { status = 200, fields = [], body = Buffer.alloc(0), isUnfinished = false } = answer
  const length = body.byteLength + (isUnfinished ? 1 : 0)
  const lines = [...fields.map(([name, value]) => `${name}: ${value}`), `content-length: ${length}`]
  socket.write(`HTTP/1.1 ${status} Whatever\r\n${lines.join('\r\n')}\r\n\r\n`)
  socket.write(body)
}
