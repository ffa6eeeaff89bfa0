/** A TCP or TLS client that sends arbitrary bytes, and records the response. */
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { onTestFinished } from 'vitest'

/** What a raw socket connects to, and how. */
export interface RawSocketOptions {
  readonly port: number
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Uses TLS with these options. Default: none. */
  readonly tls?: ConnectionOptions
}

/** One connection. It is destroyed when the running test ends. */
export class RawSocket {
  readonly socket: Socket
  /** Settles once the connection is closed, for any reason. */
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

  /** Connects; rejects if the server, or its TLS, refuses. */
  static async open({ port, host = '127.0.0.1', tls }: RawSocketOptions): Promise<RawSocket> {
    const socket =
      tls === undefined ? connectTcp({ port, host }) : connectTls({ port, host, servername: 'localhost', ...tls })
    const raw = new RawSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve()).once('error', reject)
    })
    return raw
  }

  /** What was received so far. */
  get received(): Buffer {
    return this.#received
  }

  /** What was received so far, one character per byte. */
  get text(): string {
    return this.#received.toString('latin1')
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  write(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes)
  }

  /** Sends each piece in its own write, once the kernel has the previous one. */
  async writeApart(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      if (this.socket.destroyed || !this.socket.writable) return
      await new Promise<void>((resolve) => this.socket.write(piece, () => setImmediate(resolve)))
    }
  }

  /** Waits until the received text contains this. Rejects if the connection closes first. */
  async untilText(text: string): Promise<string> {
    await this.until(() => this.text.includes(text), `"${text}"`)
    return this.text
  }

  /** Waits until the condition on the received text holds. Rejects if the connection closes first. */
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
