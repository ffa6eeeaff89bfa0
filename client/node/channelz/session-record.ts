/** The channelz record of an HTTP/2 connection. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { nextChannelzId } from '../../../wire/channelz-id.ts'
import type { Clock, Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from '../contracts/endpoint.ts'
import type { SocketFacts, SocketRecord, TlsFacts } from '../contracts/socket-record.ts'
import { wallTime } from './wall-time.ts'

/** What a record depends on. */
export interface SessionRecordParts {
  /** Connected. */
  readonly socket: Socket
  readonly session: Http2Session
  /** The clock of the session. */
  readonly clock: Clock
  /** The address it connects to, for sockets that do not know it. */
  readonly address: Address
}

/** Reads facts on demand, except for the addresses, which a closed socket no longer has. */
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

/** Returns null if the socket does not know this end. */
export function toAddress(host: string | undefined, port: number | undefined): Address | null {
  return host === undefined || port === undefined ? null : { host, port }
}

/** Returns null for cleartext. */
export function tlsFacts(socket: Socket): TlsFacts | null {
  if (!(socket instanceof TLSSocket)) return null
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.standardName ?? '',
    localCertificate: certificateOf(socket.getCertificate()),
    remoteCertificate: certificateOf(socket.getPeerCertificate()),
  }
}

/** Returns the certificate. Without one, Node returns null or an empty object. */
function certificateOf(certificate: object | null): Uint8Array | null {
  return certificate !== null && 'raw' in certificate && certificate.raw instanceof Uint8Array ? certificate.raw : null
}
