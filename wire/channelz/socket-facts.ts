/** The facts about a connection, of either end. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { SessionStats } from '../http2/session-stats.ts'

/** A snapshot of a connection. */
export interface SocketFacts {
  /** Null if it has no name, as for a Unix socket. */
  readonly local: SocketAddress | null
  readonly remote: SocketAddress
  /** Null: cleartext. */
  readonly tls: TlsFacts | null
  readonly openedAt: Date
  readonly openStreams: number
  /** Maximum of concurrent streams that the peer allows. */
  readonly maxStreams: number
  /** When the last stream was opened; null before the first. */
  readonly lastStreamAt: Date | null
  /** The flow-control windows, in octets; null over HTTP/1.1, which has none. */
  readonly windows: { readonly send: number; readonly receive: number } | null
  /** Totals since the start of the connection. */
  readonly stats: Readonly<SessionStats>
}

/** One end of a connection. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** The TLS parameters of a connection. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly version: string
  /** The standard name, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
  /** Our certificate in DER; null if we sent none. */
  readonly localCertificate: Uint8Array | null
  /** The peer's certificate in DER; null if it sent none. */
  readonly remoteCertificate: Uint8Array | null
}

/** Returns null if the socket does not know this end. */
export function toAddress(
  host: string | undefined,
  port: number | undefined,
): { readonly host: string; readonly port: number } | null {
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
