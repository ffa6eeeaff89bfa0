/** One connection of our own HTTP/2: hands each of its requests to whoever answers it. */
import type { Socket } from 'node:net'
import type {
  EncodableField,
  Http2Session,
  Http2Stream,
  RequestHead,
  ServerSessionHandler,
} from '../../wire/http2/http2.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import { Http2Exchange } from '../rpc/exchange/http2-exchange.ts'
import type { CallEntry } from './call-entry.ts'
import { ForwardedRequest } from './forwarded-request.ts'
import type { Carrier, MemorySocket } from './memory-socket.ts'
import { peerOf } from './peer.ts'
import type { PortCalls } from './port-calls.ts'

/** What the connections of a front share. */
export interface NativeHttp2Host {
  readonly calls: PortCalls
  /** Takes the server's end of a memory connection with a request that is no call. */
  acceptHttp1(socket: MemorySocket): void
  /** Told once the connection is over. */
  onClose(connection: NativeHttp2Connection): void
}

/** The handler of its session. */
export class NativeHttp2Connection implements ServerSessionHandler {
  readonly #host: NativeHttp2Host
  readonly #carrier: Carrier
  readonly #forwarded = new Set<ForwardedRequest>()
  #seenBytes = -1
  #idleSinceMs = 0

  constructor(socket: Socket, host: NativeHttp2Host) {
    this.#host = host
    this.#carrier = { socket, peer: peerOf(socket, '2') }
  }

  onRequest(stream: Http2Stream, head: RequestHead): void {
    const { calls } = this.#host
    const entry = calls.entryAt(head.method, head.path) ?? this.#entryOfOther(head)
    if (entry === undefined) this.#forward(stream, head)
    // What throws here is caught by the session, which resets the stream.
    else entry.accept(new Http2Exchange(stream, head, this.#carrier.peer))
  }

  timeoutMsOf(head: RequestHead): number | undefined {
    try {
      return this.#host.calls.protocolOf(head)?.timeoutMsOf(new CallHead(head))
    } catch {
      // Not a timeout: the call would have been told so.
      return undefined
    }
  }

  onFault(_session: Http2Session, error: unknown): void {
    this.#host.calls.first?.onFault(error)
  }

  onClose(): void {
    for (const request of this.#forwarded) request.destroy()
    this.#host.onClose(this)
  }

  /** How long nothing has come while no stream was open, as far as those who ask can tell: 0 the first time. */
  idleMs({ openStreams, stats }: Http2Session, now: number): number {
    if (openStreams > 0 || stats.bytesReceived !== this.#seenBytes) {
      this.#seenBytes = stats.bytesReceived
      this.#idleSinceMs = now
    }
    return now - this.#idleSinceMs
  }

  /** What answers a request whose path is not a method's. */
  #entryOfOther(head: RequestHead): CallEntry | undefined {
    const { calls } = this.#host
    return head.verdict === 'fine' ? calls.entryOfOther(head) : calls.first
  }

  #forward(stream: Http2Stream, head: RequestHead): void {
    try {
      const onClose = () => this.#forwarded.delete(request)
      const request = new ForwardedRequest({ stream, head, carrier: this.#carrier, onClose }, this.#host.acceptHttp1)
      this.#forwarded.add(request)
    } catch {
      stream.reply(BAD_REQUEST, new Uint8Array(0), null)
      stream.release()
    }
  }
}

/** For heads that HTTP/1.1 cannot express, as a path with octets outside of ASCII. */
const BAD_REQUEST: readonly EncodableField[] = [
  { name: ':status', value: '400' },
  { name: 'content-length', value: '0' },
]
