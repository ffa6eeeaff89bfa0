/** A WebSocket after its handshake: its header block, its one call, its keepalive. */
import { Code } from '@connectrpc/connect'
import { headerField, Keepalive, RequestHead, RequestVerdict } from '../../../wire/http2/http2.ts'
import { clipValue } from '../../../wire/text/clip-text.ts'
import type { ByteCarrier } from '../../../wire/websocket/byte-carrier.ts'
import { ServerWebSocket } from '../../../wire/websocket/server-websocket.ts'
import { CallHead } from '../../rpc/exchange/call-head.ts'
import type { CallerProtocol } from '../../rpc/exchange/caller-protocol.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'
import { WebSocketExchange } from '../../rpc/exchange/websocket-exchange.ts'
import type { Carrier } from '../forwarded/memory-socket.ts'
import { ForwardedWebSocket } from './forwarded-websocket.ts'
import { type AcceptedHandshake, type OpeningOwner, OpeningWebSocket } from './opening-websocket.ts'
import type { WebSocketHost } from './websocket-host.ts'
import type { WebSocketStalls } from './websocket-stalls.ts'

/** What a WebSocket runs on. */
export interface WebSocketBase {
  readonly bytes: ByteCarrier
  readonly carrier: Carrier
  /** Silence after which to ping, in milliseconds; 0 for never. */
  readonly pingAfterMs: number
}

/** What the WebSockets of a port share. */
export interface WebSocketSet extends WebSocketHost {
  readonly stalls: WebSocketStalls
  /** Those that have no header block yet. */
  readonly opening: Set<OpeningWebSocket>
}

/** How long a client may take to answer our close frame. */
const CLOSE_TIMEOUT_MS = 2_000

/** The content type of refusals before the content type of the call is known. */
const WEB_TYPE = headerField('content-type', 'application/grpc-web+proto')

/** One per WebSocket. */
export class OpenedWebSocket implements OpeningOwner {
  readonly #set: WebSocketSet
  readonly #accepted: AcceptedHandshake
  readonly #carrier: Carrier
  readonly #socket: ServerWebSocket
  readonly #keepalive: Keepalive | null
  readonly #opening: OpeningWebSocket

  constructor(set: WebSocketSet, accepted: AcceptedHandshake, { bytes, carrier, pingAfterMs }: WebSocketBase) {
    this.#set = set
    this.#accepted = accepted
    this.#carrier = carrier
    const { http2, stallTimeoutMs } = set.limits
    const { ping, glitch } = http2.floods
    const onPong = () => this.#keepalive?.onPingAck()
    const limits = { timers: http2.timers, ping, glitch, closeTimeoutMs: CLOSE_TIMEOUT_MS, stallTimeoutMs, onPong }
    const createSocket = (owner: ServerWebSocket['owner']) => new ServerWebSocket(bytes, owner, limits)
    this.#opening = new OpeningWebSocket(createSocket, set, accepted, this)
    this.#socket = this.#opening.socket
    this.#keepalive = pingAfterMs === 0 ? null : this.#createKeepalive(pingAfterMs, bytes)
    set.opening.add(this.#opening)
    this.#keepalive?.wake()
    this.#socket.start()
  }

  faultOf(head: RequestHead): RequestFault | undefined {
    const protocol = this.#set.calls.protocolOf(head)
    const isServed = protocol?.name === 'grpc-web' && protocol.isEnveloped
    return isServed ? undefined : wrongType(new CallHead(head).contentType.essence)
  }

  onHead(head: RequestHead): void {
    const { calls } = this.#set
    const exchange = this.#createExchange(head, calls.protocolOf(head))
    const lane = calls.laneAt(head.method, head.path) ?? calls.laneForOther(head)
    this.#set.stalls.add(exchange)
    try {
      if (lane === undefined) this.#set.forward(new ForwardedWebSocket(exchange), head, this.#carrier)
      else lane.accept(exchange)
    } catch (thrown) {
      // There is no handler that would do it.
      exchange.release()
      throw thrown
    }
  }

  onFault(fault: RequestFault): void {
    const { path, authority } = this.#accepted.handshake
    const parts = { method: 'POST', path, authority, scheme: 'http', fields: [WEB_TYPE], contentLength: -1 }
    const head = new RequestHead(parts, RequestVerdict.FINE)
    const protocol = this.#set.calls.protocolOf(head)
    const exchange = this.#createExchange(head, protocol)
    const refusal = this.#set.calls.refuse(protocol, head, fault)
    exchange.reply(refusal.head, refusal.body, null)
    exchange.release()
  }

  onLeft(): void {
    this.#set.opening.delete(this.#opening)
  }

  onClosed(): void {
    this.#keepalive?.stop()
  }

  #createExchange(head: RequestHead, protocol: CallerProtocol | undefined): WebSocketExchange {
    const { calls, limits, stalls } = this.#set
    const exchange = new WebSocketExchange(this.#socket, {
      head,
      connection: this.#carrier.connection,
      budget: limits.http2,
      refuse: (fault) => calls.refuse(protocol, head, fault),
      onClosed: () => {
        stalls.delete(exchange)
        this.onClosed()
      },
    })
    return exchange
  }

  /**
   * While the client is not read, its answers cannot be seen. While octets wait to leave, a PING would wait behind them, and the stall watch
   * ends a client that takes none of them.
   */
  #createKeepalive(timeMs: number, bytes: ByteCarrier): Keepalive {
    const socket = this.#socket
    const { limits } = this.#set
    let isAsked = false
    const watched = {
      openStreams: 1,
      stats: {
        get bytesReceived() {
          return socket.bytesReceived
        },
        get lastReceivedAtMs() {
          return socket.lastReceivedAtMs
        },
      },
      ping: () => {
        isAsked = socket.queuedBytes === 0 && socket.ping()
        return isAsked
      },
    }
    const onDead = () => {
      const mustAnswer = isAsked && !socket.isPaused && socket.queuedBytes === 0
      if (mustAnswer) bytes.destroy()
      else keepalive.onPingAck()
    }
    const { timers } = limits.http2
    const options = { timeoutMs: limits.keepalive.timeoutMs, permitWithoutCalls: true }
    const keepalive = new Keepalive(watched, { timeMs, options, clock: timers.clock, onDead })
    return keepalive
  }
}

function wrongType(essence: string): RequestFault {
  const message = `content-type "${clipValue(essence)}" is not served over WebSocket: use application/grpc-web+proto or +json`
  return { code: Code.InvalidArgument, message, httpStatus: 415 }
}
