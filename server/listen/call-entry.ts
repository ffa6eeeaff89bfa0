/** Where calls leave the port before Fastify's router sees them. */
import type { HeadSource } from '../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { Exchange } from '../rpc/exchange/exchange.ts'

/** How far the body of a request has come. */
export interface BodyProgress {
  /** Octets of it. */
  readonly receivedBytes: number
  /** The peer has begun what it has not finished, and the reader waits for it. */
  readonly isOwed: boolean
}

/** What answers calls. The port hands it each, once the head is known to be right. */
export interface CallEntry {
  /** The paths of its methods, without query. */
  readonly paths: readonly string[]
  /** In the order in which they are asked. */
  readonly protocols: readonly CallerProtocol[]
  /** The route that a request takes to a method in a way of a protocol's own; undefined: it takes none. */
  ownRouteOf(head: HeadSource): string | undefined
  /** Answers a request, also one whose head has another verdict than fine. The exchange is the entry's from here on. */
  accept(exchange: Exchange): void
  /** Something threw that must not; its stream was reset. For the log. */
  onFault(error: unknown): void
}
