/** Where calls leave the port before Fastify's router sees them. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { HeadSource } from '../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { Exchange } from '../rpc/exchange/exchange.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'

/** How far the body of a request has come. */
export interface BodyProgress {
  /** Octets of it. */
  readonly receivedBytes: number
  /** The peer has begun what it has not finished, and the reader waits for it. */
  readonly isOwed: boolean
  /** The peer has stalled: the exchange is about to be ended, with this as its answer if there is none yet. */
  readonly onStall?: ((fault: RequestFault) => void) | undefined
}

/** What answers calls. The port hands it each, once the head is known to be right. */
export interface PortLane {
  /** The paths of its methods, without query. */
  readonly paths: readonly string[]
  /** In the order in which they are asked. */
  readonly protocols: readonly CallerProtocol[]
  /** The route that a request takes to a method in a way of a protocol's own; undefined: it takes none. */
  protocolRouteOf(head: HeadSource): string | undefined
  /** The method that a request names, by its path or in a way of a protocol's own; undefined: none of the entry's. */
  methodOf(head: HeadSource): DescMethod | undefined
  /** Answers a request, also one whose head has another verdict than fine. The exchange is the entry's from here on. */
  accept(exchange: Exchange): void
  /** Fields by which pages of other origins may read an answer; undefined: no pages may call. */
  readonly corsFields?: ((origin: string | undefined) => readonly EncodableField[]) | undefined
  /** Something threw that must not; its stream was reset. For the log. */
  onFault(error: unknown): void
}
