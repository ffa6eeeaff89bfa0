/** A TCP or TLS client that sends what bytes a test wants, and keeps what comes back. */
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { onTestFinished } from 'vitest'

/** What a raw socket connects to, and how. */
export interface RawSocketOptions {
  readonly port: number
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Speak TLS, with these options. Default: none. */
  readonly tls?: ConnectionOptions
}

/** One connection. It is destroyed when the running test ends. */
export class RawSocket {
  readonly socket: Socket
  /** Settles once the connection is closed, however that came. */
  readonly closed: Promise<void>
  #received: Buffer = Buffer.alloc(0)
  #isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true
        resolve()
      })
    })
    onTestFinished(() => {
      socket.destroy()
    })
  }

  /** Connects; rejects where the server, or its TLS, refuses. */
  static async open({ port, host = '127.0.0.1', tls }: RawSocketOptions): Promise<RawSocket> {
    const socket =
      tls === undefined ? connectTcp({ port, host }) : connectTls({ port, host, servername: 'localhost', ...tls })
    const raw = new RawSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve()).once('error', reject)
    })
    return raw
  }

  /** What came so far. */
  get received(): Buffer {
    return this.#received
  }

  /** What came so far, one character a byte. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  write(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes)
  }

  /** Sends each piece in a write of its own, once the one before is with the kernel. */
  async writeApart(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      if (this.socket.destroyed || !this.socket.writable) return
      await new Promise<void>((resolve) => this.socket.write(piece, () => setImmediate(resolve)))
    }
  }

  /** Waits until what came holds the text. Rejects where the connection closes before. */
  async untilText(text: string): Promise<string> {
    await this.until(() => this.text.includes(text), `"${text}"`)
    return this.text
  }

  /** Waits until the condition on what came holds. Rejects where the connection closes before. */
  async until(holds: () => boolean, what = 'the condition'): Promise<void> {
    while (!holds()) {
      if (this.#isClosed) throw new Error(`the connection closed before ${what}; it sent: ${this.text.slice(0, 500)}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.socket.off('data', wake).off('close', wake)
          resolve()
        }
        this.socket.on('data', wake).on('close', wake)
      })
    }
  }
}

/** Splits bytes into single ones. */
export function* byteByByte(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at++) yield bytes.subarray(at, at + 1)
}
