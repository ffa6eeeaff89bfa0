/** The socket of a request that did not come by one of its own: what node:http writes to it goes to an owner. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'
import type { ExchangeConnection } from '../../rpc/exchange/exchange.ts'

/** The connection whose stream carries the request. */
export interface Carrier {
  readonly socket: Socket | TLSSocket
  readonly connection: ExchangeConnection
}

/** A piece of what is written. */
export interface WrittenPiece {
  readonly chunk: string | Buffer
  /** Of a string. */
  readonly encoding: BufferEncoding
}

/** Takes what is written, and learns what else happens to the socket. Its methods must not throw. */
export interface MemorySocketOwner {
  /** `done` says that more may come. */
  onWrite(pieces: readonly WrittenPiece[], done: () => void): void
  /** Nothing more will be written. */
  onEnd(): void
  /** The reader of the request wants more of its body. */
  onResume(): void
  /** Nothing has moved for the time that somebody set. */
  onTimeout(): void
  /** The socket was destroyed, by whichever side. */
  onDestroy(): void
}

/** Strings stay strings: heads come as such, and are read as such. */
const STREAM_OPTIONS = { decodeStrings: false } as const

/**
 * Looks like the carrier's socket: its peer, and whether and how it is encrypted. Destroying it ends the one request. It is never
 * read: what the client sends goes to the request itself, and `resume` asks for it.
 */
export class MemorySocket extends Duplex {
  readonly carrier: Carrier
  /** As of a socket. */
  readonly connecting = false
  /** What `setTimeout` set, in milliseconds. */
  timeout = 0
  readonly owner: MemorySocketOwner
  #timer: NodeJS.Timeout | undefined

  /** Makes one with the methods of a TLS socket where the carrier is one. */
  static of(carrier: Carrier, owner: MemorySocketOwner): MemorySocket {
    return carrier.connection.isEncrypted ? new TlsMemorySocket(carrier, owner) : new MemorySocket(carrier, owner)
  }

  constructor(carrier: Carrier, owner: MemorySocketOwner) {
    super(STREAM_OPTIONS)
    this.carrier = carrier
    this.owner = owner
    // Readers and writers learn of a broken connection by `close`; an error without a listener would end the process.
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

  /** As of a socket. */
  address(): ReturnType<Socket['address']> {
    return this.carrier.socket.address()
  }

  /** As of a socket: ends once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  /** As of a socket: `timeout` follows when nothing has moved for so long; 0 is never. */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    clearTimeout(this.#timer)
    this.timeout = timeoutMs
    this.#timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs, this, this.owner).unref() : undefined
    if (callback !== undefined && timeoutMs > 0) this.once('timeout', callback)
    else if (callback !== undefined) this.off('timeout', callback)
    return this
  }

  /** Something has moved: a timeout counts anew. */
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

  /** A request calls it when its reader wants more. */
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

/** The carrier's handshake, by the methods of a TLS socket. */
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
