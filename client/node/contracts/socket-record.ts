/** What can be seen of a connection from outside. */
import type { Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from './endpoint.ts'

/** Made with the connection, and kept as long as that is open. */
export interface SocketRecord {
  /** By channelz. */
  readonly id: number
  /** The socket is not closed, though it may take no more calls. */
  readonly isOpen: boolean
  /** How it is at this moment. */
  facts(): SocketFacts
}

/** How a connection is. */
export interface SocketFacts {
  /** Null where it has no name, as at a Unix socket. */
  readonly local: Address | null
  readonly remote: Address
  /** Null: cleartext. */
  readonly tls: TlsFacts | null
  readonly openedAt: Date
  readonly openStreams: number
  /** How many streams the peer allows at a time. */
  readonly maxStreams: number
  /** When the last stream was opened; null: there was none. */
  readonly lastStreamAt: Date | null
  /** Octets of bodies that may go out and come in before more is granted; null: nobody grants anything, as over HTTP/1.1. */
  readonly windows: { readonly send: number; readonly receive: number } | null
  /** Totals since the start of the connection. */
  readonly stats: Http2Session['stats']
}

/** How a connection is secured. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly version: string
  /** By the name of the standard, as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
  /** Our own certificate, DER; null: we have shown none. */
  readonly localCertificate: Uint8Array | null
  /** The peer's certificate, DER; null: it has shown none. */
  readonly remoteCertificate: Uint8Array | null
}
