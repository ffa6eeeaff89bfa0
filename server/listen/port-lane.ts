/** What a port needs from a lane. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { HeadSource } from '../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import type { Exchange } from '../rpc/exchange/exchange.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'

/** How much of a request body has arrived. */
export interface BodyProgress {
  /** Body bytes so far. */
  readonly receivedBytes: number
  /** Whether the reader waits for the rest of something the client has begun. */
  readonly isOwed: boolean
  /** Whether the whole body has arrived. Undefined where only the request tells. */
  readonly isPeerDone?: boolean
  /** Called before the request is ended for a stall. The fault is the response if there is none yet. */
  readonly onStall?: ((fault: RequestFault) => void) | undefined
}

/** A protocol route that a request matches. */
export interface PortRoute {
  /** In the syntax of Fastify. */
  readonly url: string
  /** The path with its variables, for observers. */
  readonly template: string
  /** Whether it accepts the HTTP method of the request. */
  readonly hasVerb: boolean
}

/** Answers the calls of a port, which passes it requests with complete heads. */
export interface PortLane {
  /** The paths of its methods. */
  readonly paths: readonly string[]
  /** In the order in which they are tried. */
  readonly protocols: readonly CallerProtocol[]
  /** Returns the protocol route that a request matches, by its path if not by its HTTP method too; undefined if there is none. */
  protocolRouteOf(head: HeadSource): PortRoute | undefined
  /** Returns the method that a request names, by its path or by a protocol route; undefined if it names none. */
  methodOf(head: HeadSource): DescMethod | undefined
  /** Answers any request, including one with an invalid head. The lane owns the exchange from here on. */
  accept(exchange: Exchange): void
  /** Returns the fields that let a page of an origin read a response; undefined if CORS is off. */
  readonly corsFields?: ((origin: string | undefined) => readonly EncodableField[]) | undefined
  /** Whether its methods can be called over WebSockets. Default: false. */
  readonly hasWebSockets?: boolean
  /** Logs an exception that our own code should not have thrown. Its stream has been reset. */
  onFault(error: unknown): void
}
