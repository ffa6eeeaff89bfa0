/** A connection within the process: what one end writes, the other one reads. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { Peer } from './peer.ts'

/** The connection whose requests a memory connection carries on. */
export interface Carrier {
  readonly socket: Socket | TLSSocket
  readonly peer: Peer
}

/**
 * One end of it. To whoever serves it, it looks like the socket of the carrier: its peer, and whether and how it is encrypted.
 * It has no timeouts, since the carrier's stream has them.
 */
export class MemorySocket extends Duplex {
  readonly carrier: Carrier
  readonly encrypted: boolean
  #other: MemorySocket | undefined
  /** Settles a write of the other end once this one has room. */
  #onRoom: (() => void) | undefined

  private constructor(carrier: Carrier) {
    super({ allowHalfOpen: true })
    this.carrier = carrier
    this.encrypted = carrier.peer.isEncrypted
    // Who reads a broken connection is told by `close`; an error that nobody listens to would end the process.
    this.on('error', () => {})
  }

  /** Makes both ends. */
  static pair(carrier: Carrier): readonly [MemorySocket, MemorySocket] {
    const one = new MemorySocket(carrier)
    const other = new MemorySocket(carrier)
    one.#other = other
    other.#other = one
    return [one, other]
  }

  get remoteAddress(): string {
    return this.carrier.peer.remoteAddress
  }

  get remotePort(): number {
    return this.carrier.peer.remotePort
  }

  get remoteFamily(): string | undefined {
    return this.carrier.socket.remoteFamily
  }

  get localAddress(): string | undefined {
    return this.carrier.socket.localAddress
  }

  get localPort(): number | undefined {
    return this.carrier.socket.localPort
  }

  /** As of a TLS socket. */
  get authorized(): boolean {
    return 'authorized' in this.carrier.socket && this.carrier.socket.authorized
  }

  /** As of a TLS socket. */
  getPeerCertificate(isDetailed = false): PeerCertificate | undefined {
    const { socket } = this.carrier
    return 'getPeerCertificate' in socket ? socket.getPeerCertificate(isDetailed) : undefined
  }

  /** As of a TLS socket. */
  getProtocol(): string | null {
    const { socket } = this.carrier
    return 'getProtocol' in socket ? socket.getProtocol() : null
  }

  /** As of a socket: ends once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end()
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {
    const onRoom = this.#onRoom
    this.#onRoom = undefined
    onRoom?.()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error) => void): void {
    const other = this.#other
    if (other === undefined || other.destroyed) callback(new Error('the other end is gone'))
    else if (other.push(chunk)) callback()
    else other.#onRoom = callback
  }

  override _final(callback: () => void): void {
    this.#other?.push(null)
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const other = this.#other
    this.#onRoom?.()
    this.#onRoom = undefined
    this.#other = undefined
    if (other !== undefined) process.nextTick(() => other.destroy())
    callback(error)
  }
}
