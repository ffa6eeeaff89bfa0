/** The socket of a request that has none of its own. What node:http writes to it goes to its owner. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'
import type { ExchangeConnection } from '../../rpc/exchange/exchange.ts'

/** The connection whose stream carries the request. */
export interface Carrier {
  readonly socket: Socket | TLSSocket
  readonly connection: ExchangeConnection
}

/** Part of what is written. */
export interface WrittenPiece {
  readonly chunk: string | Buffer
  /** The encoding of a string. */
  readonly encoding: BufferEncoding
}

/** Receives what is written, and other events of the socket. Its methods must not throw. */
export interface MemorySocketOwner {
  /** Call `done` when there is room for more. */
  onWrite(pieces: readonly WrittenPiece[], done: () => void): void
  /** Nothing more will be written. */
  onEnd(): void
  /** The reader of the request wants more of its body. */
  onResume(): void
  /** There was no activity for the time given to `setTimeout`. */
  onTimeout(): void
  /** The socket was destroyed, by either side. */
  onDestroy(): void
}

/** Strings are not encoded: heads are written as strings and parsed as strings. */
const STREAM_OPTIONS = { decodeStrings: false } as const

/**
 * Looks like the socket of the carrier: its peer, and its TLS state. Destroying it ends only this request. It is never
 * read: the body is pushed into the request, and `resume` asks for more of it.
 */
export class MemorySocket extends Duplex {
  readonly carrier: Carrier
  /** As in `Socket`. */
  readonly connecting = false
  /** The timeout in milliseconds; 0 for none. */
  timeout = 0
  readonly owner: MemorySocketOwner
  #timer: NodeJS.Timeout | undefined

  /** Creates a socket, with the methods of a TLS socket if the carrier is encrypted. */
  static of(carrier: Carrier, owner: MemorySocketOwner): MemorySocket {
    return carrier.connection.isEncrypted ? new TlsMemorySocket(carrier, owner) : new MemorySocket(carrier, owner)
  }

  constructor(carrier: Carrier, owner: MemorySocketOwner) {
    super(STREAM_OPTIONS)
    this.carrier = carrier
    this.owner = owner
    // An `error` event without a listener would end the process. Readers and writers learn about the end by `close`.
    this.on('error', ignore)
  }

  get encrypted(): boolean {
    return this.carrier.connection.isEncrypted
  }

  get remoteAddress(): string {
    return this.carrier.connection.remoteAddress
  }

  get remotePort(): number {
    return this.carrier.connection.remotePort
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

  get localFamily(): string | undefined {
    return this.carrier.socket.localFamily
  }

  /** Of the whole connection. */
  get bytesRead(): number {
    return this.carrier.socket.bytesRead
  }

  /** Of the whole connection. */
  get bytesWritten(): number {
    return this.carrier.socket.bytesWritten
  }

  /** As in `Socket`. */
  address(): ReturnType<Socket['address']> {
    return this.carrier.socket.address()
  }

  /** As in `Socket`: ends after everything has been written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  /** As in `Socket`: emits `timeout` after this time without activity; 0 for never. */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    clearTimeout(this.#timer)
    this.timeout = timeoutMs
    this.#timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs, this, this.owner).unref() : undefined
    if (callback !== undefined && timeoutMs > 0) this.once('timeout', callback)
    else if (callback !== undefined) this.off('timeout', callback)
    return this
  }

  /** Restarts the timeout, because there was activity. */
  touch(): void {
    this.#timer?.refresh()
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

  /** Called by a request whose reader wants more. */
  override resume(): this {
    this.owner.onResume()
    return this
  }

  override pause(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: () => void): void {
    this.touch()
    this.owner.onWrite([{ chunk, encoding }], callback)
  }

  override _writev(pieces: WrittenPiece[], callback: () => void): void {
    this.touch()
    this.owner.onWrite(pieces, callback)
  }

  override _final(callback: () => void): void {
    this.owner.onEnd()
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#timer)
    this.owner.onDestroy()
    callback(error)
  }
}

/** The TLS state of the carrier, by the methods of `TLSSocket`. */
class TlsMemorySocket extends MemorySocket {
  get authorized(): boolean {
    return this.#tls.authorized
  }

  get authorizationError(): Error | null {
    return this.#tls.authorizationError
  }

  get alpnProtocol(): string | false | null {
    return this.#tls.alpnProtocol
  }

  get servername(): string | false | null {
    return this.#tls.servername
  }

  getPeerCertificate(isDetailed = false): PeerCertificate | DetailedPeerCertificate {
    return this.#tls.getPeerCertificate(isDetailed)
  }

  getPeerX509Certificate(): ReturnType<TLSSocket['getPeerX509Certificate']> {
    return this.#tls.getPeerX509Certificate()
  }

  getProtocol(): string | null {
    return this.#tls.getProtocol()
  }

  getCipher(): ReturnType<TLSSocket['getCipher']> {
    return this.#tls.getCipher()
  }

  isSessionReused(): boolean {
    return this.#tls.isSessionReused()
  }

  get #tls(): TLSSocket {
    return this.carrier.socket as TLSSocket
  }
}

function onTimeout(socket: MemorySocket, owner: MemorySocketOwner): void {
  socket.emit('timeout')
  owner.onTimeout()
}

function ignore(): void {}
