/** The channelz record of a connection. */
import type { Http2Session } from '../../../wire/http2/http2.ts'
import type { Address } from './endpoint.ts'

/** Created with the connection, and kept while it is open. */
export interface SocketRecord {
  /** The channelz id. */
  readonly id: number
  /** Whether the socket is open, even if it takes no more calls. */
  readonly isOpen: boolean
  /** Returns the current facts. */
  facts(): SocketFacts
}

/** The facts about a connection. */
export interface SocketFacts {
  /** Null if it has no name, as for a Unix socket. */
  readonly local: Address | null
  readonly remote: Address
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
  readonly stats: Http2Session['stats']
}

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
