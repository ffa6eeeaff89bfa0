/** A client of WebSocket that sends any octets, on a connection of HTTP/1.1 or on a stream of HTTP/2. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { onTestFinished } from 'vitest'
import { readAnswer, type WebSocketAnswer } from './answer.ts'
import { binary, closeCodeOf, type ServerFrame, serverFrames } from './frames.ts'

/** What to connect to, and how. */
export interface FramePeerInit {
  readonly port: number
  /** Of a TLS port, PEM. Default: cleartext. */
  readonly ca?: string
  readonly path: string
  /** More fields of the handshake. Default: none. */
  readonly fields?: Readonly<Record<string, string>>
  /** Default: the one of the wire format. */
  readonly subprotocol?: string
}

/** Both carriers, for tables of tests. */
export const CARRIERS = ['HTTP/1.1', 'HTTP/2'] as const

/** What carries the frames. */
export type CarrierName = (typeof CARRIERS)[number]

/** The head of the calls of a peer. */
export const BLOCK = binary('content-type: application/grpc-web+proto\r\nx-grpc-web: 1\r\n')

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** A WebSocket after its handshake. It is destroyed when the running test ends. */
export class FramePeer {
  readonly stream: Duplex
  /** The status of the handshake. */
  readonly status: number
  /** The head of the response: lines in HTTP/1.1, JSON in HTTP/2. */
  readonly head: string
  /** Settles once the server has ended its side, or the connection is gone. */
  readonly ended: Promise<void>
  #received: Buffer

  private constructor(stream: Duplex, { status, head, rest }: { status: number; head: string; rest: Buffer }) {
    this.stream = stream
    this.status = status
    this.head = head
    this.#received = rest
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
    this.ended = new Promise((resolve) => stream.once('end', resolve).once('close', resolve))
  }

  /** Opens one on a connection of its own. */
  static open(carrier: CarrierName, init: FramePeerInit): Promise<FramePeer> {
    return carrier === 'HTTP/1.1' ? FramePeer.onSocket(init) : FramePeer.onStream(init)
  }

  static async onSocket(init: FramePeerInit): Promise<FramePeer> {
    const { port, ca, path, fields = {}, subprotocol = 'grpc-websockets' } = init
    const host = '127.0.0.1'
    const socket =
      ca === undefined ? connectTcp({ port, host }) : connectTls({ port, host, ca, servername: 'localhost' })
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    const all = {
      host: `127.0.0.1:${port}`,
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': KEY,
      'sec-websocket-version': '13',
      'sec-websocket-protocol': subprotocol,
      ...fields,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    return new FramePeer(socket, await readHead(socket))
  }

  /** @param session default: one of its own */
  static async onStream(init: FramePeerInit, session?: ClientHttp2Session): Promise<FramePeer> {
    const { path, fields = {}, subprotocol = 'grpc-websockets' } = init
    const stream = (session ?? (await openSession(init))).request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': path,
        'sec-websocket-version': '13',
        'sec-websocket-protocol': subprotocol,
        ...fields,
      },
      { endStream: false },
    )
    const [headers] = await once(stream, 'response')
    return new FramePeer(stream, { status: headers[':status'], head: JSON.stringify(headers), rest: Buffer.alloc(0) })
  }

  /** The octets that were received so far. */
  get received(): Buffer {
    return this.#received
  }

  get frames(): ServerFrame[] {
    return serverFrames(this.#received)
  }

  /** The code of the server's close frame; undefined without one. */
  get closeCode(): number | undefined {
    return closeCodeOf(this.frames)
  }

  /** What the server has answered so far. */
  get answer(): WebSocketAnswer {
    const data = this.frames.filter(({ opcode }) => opcode === 2 || opcode === 0)
    return readAnswer(Buffer.concat(data.map(({ payload }) => payload)))
  }

  write(...pieces: readonly Uint8Array[]): void {
    if (!this.stream.destroyed && this.stream.writable) this.stream.write(Buffer.concat(pieces))
  }

  /** Sends each octet alone. */
  async writeApart(octets: Uint8Array): Promise<void> {
    for (const octet of octets) {
      if (this.stream.destroyed || !this.stream.writable) return
      await new Promise((resolve) => this.stream.write(Buffer.from([octet]), () => setImmediate(resolve)))
    }
  }

  /** Waits until a condition on what was received holds. Rejects if the connection ends first. */
  async until(holds: () => boolean): Promise<void> {
    let hasEnded = false
    void this.ended.then(() => {
      hasEnded = true
    })
    while (!holds()) {
      if (hasEnded) throw new Error(`the connection ended first, with close code ${this.closeCode}`)
      await Promise.race([once(this.stream, 'data'), this.ended])
    }
  }

  /** Waits for the close frame of the server, and returns its code. */
  async untilClosed(): Promise<number | undefined> {
    await this.until(() => this.frames.some(({ opcode }) => opcode === 8))
    return this.closeCode
  }
}

/** Opens a session whose server has announced extended CONNECT. It is destroyed when the running test ends. */
export async function openSession({ port, ca }: Pick<FramePeerInit, 'port' | 'ca'>): Promise<ClientHttp2Session> {
  const scheme = ca === undefined ? 'http' : 'https'
  const session = connectHttp2(`${scheme}://127.0.0.1:${port}`, ca === undefined ? {} : { ca, servername: 'localhost' })
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  const [settings] = await once(session, 'remoteSettings')
  if (settings.enableConnectProtocol !== true) throw new Error('the server did not announce extended CONNECT')
  return session
}

async function readHead(socket: Socket): Promise<{ status: number; head: string; rest: Buffer }> {
  let octets = Buffer.alloc(0)
  for (;;) {
    const end = octets.indexOf('\r\n\r\n')
    if (end >= 0) {
      const head = octets.toString('latin1', 0, end)
      return { status: Number(head.slice(9, 12)), head, rest: octets.subarray(end + 4) }
    }
    const [chunk] = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    if (!Buffer.isBuffer(chunk)) throw new Error('the connection closed before the head of the response')
    octets = Buffer.concat([octets, chunk])
  }
}
