/** Where calls leave the port before Fastify's router sees them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Stream, RequestHead } from '../../wire/http2/http2.ts'
import type { Peer } from './peer.ts'

/** How far the body of a request has come. */
export interface BodyProgress {
  /** Octets of it. */
  readonly receivedBytes: number
  /** A message in an envelope has begun that has not ended: the peer owes octets. */
  readonly isInsideMessage: boolean
}

/** What an entry keeps for requests of one connection whose heads are equal. */
export interface HeadMemo {
  /** The entry's own; first undefined. */
  head: unknown
}

/** Whoever answers calls. The port calls it for each, once the head is known to be right. */
export interface CallEntry {
  /** The paths of its methods, without query. */
  readonly paths: readonly string[]
  /** Answers a request over HTTP/1.1, of which nobody has read anything; 100 Continue is the entry's to send. */
  acceptHttp1(request: IncomingMessage, response: ServerResponse, peer: Peer, memo: HeadMemo): BodyProgress
  /** Answers a request over HTTP/2, also one whose head has another verdict than fine. */
  acceptHttp2(stream: Http2Stream, head: RequestHead, peer: Peer): void
  /** Something threw that must not; its stream was reset. For the log. */
  onFault(error: unknown): void
}
