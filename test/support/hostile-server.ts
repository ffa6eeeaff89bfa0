/** A server that answers as no honest one does, octet by octet, for tests of what clients make of it. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { DEFAULT_MAX_FRAME_SIZE, FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import type { Frame } from './http2-frames.ts'
import { listenRaw } from './listen-raw.ts'
import { type RawFields, RawPeer } from './raw-http2.ts'

/** A hostile server that listens. It is closed, with its connections, when the running test ends. */
export interface HostileServer {
  /** `http://127.0.0.1:PORT` */
  readonly baseUrl: string
  /** How many connections were opened so far. */
  readonly connections: number
}

/** A request that has come as a whole. */
export interface HostileRequest {
  /** Counts from 0, over all connections. */
  readonly index: number
  /** Counts from 0, on this connection. */
  readonly indexOnConnection: number
}

/** Is told of each connection. */
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

/** What a server over HTTP/2 does. */
export interface HostileHttp2 {
  /** The first SETTINGS. Default: none of them is set. */
  readonly settings?: readonly (readonly [number, number])[]
  /** Says hello before it is called. */
  onConnection?(peer: RawPeer): void
  /** Is told of each request once all of it is there. */
  onRequest?(peer: RawPeer, streamId: number, request: HostileRequest): void
}

/** Says hello as RFC 9113 asks, and is hostile afterwards. */
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

/** Is told of each read of the client's octets, which for a small request are the whole of it. */
export function startHostileHttp1(
  onRequest: (socket: Socket, request: HostileRequest) => void,
): Promise<HostileServer> {
  let index = 0
  return startHostileServer((socket) => {
    let indexOnConnection = 0
    socket.on('data', () => onRequest(socket, { index: index++, indexOnConnection: indexOnConnection++ }))
  })
}

/** Writes the same octets again and again, as fast as they are taken, until so many times or until the socket is gone. */
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

/** An answer in the terms of HTTP, whatever its version. */
export interface HostileAnswer {
  /** Default 200. */
  readonly status?: number
  readonly fields?: RawFields
  /** Default: none. */
  readonly body?: Buffer
  /** Over HTTP/2 only. */
  readonly trailers?: RawFields
  /** The answer stops behind the body, and the connection stays. Default false. */
  readonly isUnfinished?: boolean
}

/** A server that gives the same answer always. */
export interface AnsweringServer extends HostileServer {
  /** How many requests have come so far. */
  readonly requests: number
}

/** Gives every request the same answer, framed as it should be. */
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
