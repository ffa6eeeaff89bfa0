/** A connection of our own HTTP/2. Passes each request to the lane that answers it, or to Fastify. */
import type { Socket } from 'node:net'
import {
  ErrorCode,
  type Http2Session,
  type Http2Stream,
  type RequestHead,
  type ServerSessionHandler,
} from '../../wire/http2/http2.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import { refuse } from '../rpc/exchange/caller-protocol.ts'
import { Http2Exchange } from '../rpc/exchange/http2-exchange.ts'
import { readConnection } from '../rpc/exchange/node-connection.ts'
import { faultOfVerdict, HeadFault } from '../rpc/exchange/refusal.ts'
import { forwardRequest } from './forward-request.ts'
import type { ServeRequest } from './forwarded/forwarded-request.ts'
import type { Carrier } from './forwarded/memory-socket.ts'
import { isRefused } from './forwarded/node-http.ts'
import type { HostedSocket, HostGuard } from './host-guard.ts'
import type { PortCalls } from './port-calls.ts'
import type { PortLane } from './port-lane.ts'
import type { WebSocketTunnels } from './websocket-tunnels.ts'

/** What the connections of a front share. */
export interface NativeHttp2Host {
  readonly calls: PortCalls
  /** Which hosts requests may name. */
  readonly hosts: HostGuard
  /** Serves a request that is not a call. */
  readonly serve: ServeRequest
  /** Take streams that become tunnels (RFC 8441). Default: null, as none is announced. */
  readonly tunnels?: WebSocketTunnels | null
  /** Called when the connection has closed. */
  onClose(connection: NativeHttp2Connection): void
  /** Called when the client has answered a PING. */
  onPingAck(): void
}

/** Not that of gRPC-Web. */
const GRPC_TYPE = /^application\/grpc(?:[+; ]|$)/i

/** The handler of a session. */
export class NativeHttp2Connection implements ServerSessionHandler {
  /** The socket, and what is known of it. */
  readonly carrier: Carrier
  readonly #host: NativeHttp2Host
  /** Whether the first request is a call of gRPC; undefined before it. */
  #isGrpc: boolean | undefined

  constructor(socket: Socket, host: NativeHttp2Host) {
    this.#host = host
    this.carrier = { socket, connection: readConnection(socket, '2') }
  }

  onRequest(stream: Http2Stream, head: RequestHead): void {
    if (head.protocol !== '') {
      this.#openTunnel(stream, head)
      return
    }
    const { calls } = this.#host
    this.#isGrpc ??= GRPC_TYPE.test(head.get('content-type') ?? '')
    if (this.#isForeign(head)) {
      // The guard for forwarded requests refuses it.
      this.#forward(stream, head)
      return
    }
    const lane = calls.laneAt(head.method, head.path) ?? this.#laneForOther(head)
    if (lane === undefined) this.#takeOrdinary(stream, head)
    // The session catches exceptions and resets the stream.
    else lane.accept(new Http2Exchange(stream, head, this.carrier.connection))
  }

  timeoutMsOf(head: RequestHead): number | undefined {
    try {
      return this.#host.calls.protocolOf(head)?.timeoutMsOf(new CallHead(head))
    } catch {
      // An invalid timeout is reported when the call is planned.
      return undefined
    }
  }

  /**
   * Only clients of gRPC know the policy (gRFC A8). Browsers and other clients of HTTP ping a connection whose streams are silent at
   * intervals of their own, about a minute, and would lose these streams. The flood budget limits them.
   */
  isBoundByPingPolicy(): boolean {
    return this.#isGrpc ?? true
  }

  onFault(_session: Http2Session, error: unknown): void {
    this.#host.calls.firstLane?.onFault(error)
  }

  onPingAck(): void {
    this.#host.onPingAck()
  }

  onClose(): void {
    this.#host.onClose(this)
  }

  #isForeign(head: RequestHead): boolean {
    const { hosts } = this.#host
    const { authority, method, verdict } = head
    if (hosts.admitted === null || authority === hosts.admitted || verdict !== 'fine') return false
    const hasOrigin = head.get('origin') !== undefined
    return hosts.refuses({ authority, method, isHttp2: true, hasOrigin }, this.carrier.socket as HostedSocket)
  }

  #openTunnel(stream: Http2Stream, head: RequestHead): void {
    const { hosts, tunnels } = this.#host
    const isForeign = this.#isForeign(head)
    if (isForeign) hosts.report(head.authority)
    tunnels?.open(stream, head, this.carrier, isForeign ? HeadFault.FOREIGN_HOST : faultOfVerdict(head.verdict))
  }

  /** Returns the lane for a request whose path is not that of a method. */
  #laneForOther(head: RequestHead): PortLane | undefined {
    const { calls } = this.#host
    return head.verdict === 'fine' ? calls.laneForOther(head) : calls.firstLane
  }

  /** Answers a request that is not a call: invalid heads here, everything else through Fastify. */
  #takeOrdinary(stream: Http2Stream, head: RequestHead): void {
    const fault = faultOfVerdict(head.verdict)
    if (fault === undefined) {
      this.#forward(stream, head)
      return
    }
    const refusal = refuse(undefined, new CallHead(head), fault)
    stream.reply(refusal.head.http2, refusal.body, null)
    stream.release()
  }

  #forward(stream: Http2Stream, head: RequestHead): void {
    if (isRefused(head)) {
      stream.reset(ErrorCode.PROTOCOL_ERROR)
      stream.release()
      return
    }
    const { calls, serve } = this.#host
    forwardRequest(calls, serve, { stream, head, carrier: this.carrier })
  }
}
