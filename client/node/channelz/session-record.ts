/** Shows an HTTP/2 connection. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { nextChannelzId } from '../../../wire/channelz-id.ts'
import type { Clock, Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketFacts, SocketRecord, TlsFacts } from '../contracts/socket-record.ts'
import { wallTime } from './wall-time.ts'

/** What is shown. */
export interface SessionRecordParts {
  /** Connected. */
  readonly socket: Socket
  readonly session: Http2Session
  /** That of the session. */
  readonly clock: Clock
  /** Where it was meant to lead, for sockets that cannot tell. */
  readonly address: Address
}

/** Nothing is gathered before somebody asks, but for the addresses: a socket that is closed has none. */
export class SessionRecord implements SocketRecord {
  readonly id = nextChannelzId()
  readonly #parts: SessionRecordParts
  readonly #openedAt = new Date()
  readonly #local: Address | null
  readonly #remote: Address

  constructor(parts: SessionRecordParts) {
    const { socket, address } = parts
    this.#parts = parts
    this.#local = toAddress(socket.localAddress, socket.localPort)
    this.#remote = toAddress(socket.remoteAddress, socket.remotePort) ?? address
  }

  get isOpen(): boolean {
    return !this.#parts.socket.destroyed
  }

  facts(): SocketFacts {
    const { socket, session, clock } = this.#parts
    const { stats, openStreams, peer } = session
    return {
      local: this.#local,
      remote: this.#remote,
      tls: tlsFacts(socket),
      openedAt: this.#openedAt,
      openStreams,
      maxStreams: peer.maxConcurrentStreams,
      lastStreamAt: wallTime(clock, stats.lastStreamStartedAtMs),
      windows: { send: session.sendWindow, receive: session.receiveWindow },
      stats: { ...stats },
    }
  }
}

/** Null where a socket has no such end. */
export function toAddress(host: string | undefined, port: number | undefined): Address | null {
  return host === undefined || port === undefined ? null : { host, port }
}

/** Null: cleartext. */
export function tlsFacts(socket: Socket): TlsFacts | null {
  if (!(socket instanceof TLSSocket)) return null
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.standardName ?? '',
    localCertificate: certificateOf(socket.getCertificate()),
    remoteCertificate: certificateOf(socket.getPeerCertificate()),
  }
}

/** Where there is none, Node gives null or an object without anything in it. */
function certificateOf(certificate: object | null): Uint8Array | null {
  return certificate !== null && 'raw' in certificate && certificate.raw instanceof Uint8Array ? certificate.raw : null
}
