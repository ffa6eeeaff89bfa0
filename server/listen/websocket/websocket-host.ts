/** What WebSockets need from their port. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { EncodableField, NormalizedHttp2Options, RequestHead } from '../../../wire/http2/http2.ts'
import type { ProxyTrust } from '../../observing/client-address.ts'
import type { ObserverList } from '../../observing/observer-list.ts'
import type { HeadSource } from '../../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../../rpc/exchange/caller-protocol.ts'
import type { Exchange } from '../../rpc/exchange/exchange.ts'
import type { Refusal, RequestFault } from '../../rpc/exchange/refusal.ts'
import type { ForwardableStream } from '../forwarded/forwardable-stream.ts'
import type { Carrier } from '../forwarded/memory-socket.ts'

/** What answers a call. */
interface CallLane {
  accept(exchange: Exchange): void
}

/** The calls of the port. */
export interface WebSocketCalls {
  readonly observers: ObserverList
  readonly trustProxy: ProxyTrust | null
  /** Returns the CORS fields for a path and an origin; empty if CORS is off. */
  corsFieldsAt(target: string, origin: string | undefined): readonly EncodableField[]
  laneAt(verb: string, target: string): CallLane | undefined
  laneForOther(head: HeadSource): CallLane | undefined
  protocolOf(head: HeadSource): CallerProtocol | undefined
  methodOf(head: HeadSource): DescMethod | undefined
  refuse(protocol: CallerProtocol | undefined, head: HeadSource, fault: RequestFault): Refusal
}

/** The limits of the port. */
export interface WebSocketLimitOptions {
  readonly maxHeaderFields: number
  readonly maxHeaderListBytes: number
  readonly headerTimeoutMs: number
  readonly stallTimeoutMs: number
  readonly keepalive: { readonly timeMs: number; readonly timeoutMs: number }
  readonly http2: NormalizedHttp2Options
}

/** The port. */
export interface WebSocketHost {
  readonly limits: WebSocketLimitOptions
  readonly calls: WebSocketCalls
  /** Serves a request that no lane answers directly through Fastify. */
  forward(stream: ForwardableStream, head: RequestHead, carrier: Carrier): void
}
