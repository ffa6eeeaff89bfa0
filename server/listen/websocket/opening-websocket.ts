/** A WebSocket from its handshake to its header block, which makes it a call. */
import type { Buffer } from 'node:buffer'
import { Code } from '@connectrpc/connect'
import { BodyBuffer, type RequestHead, WheelTimer } from '../../../wire/http2/http2.ts'
import { CloseCode } from '../../../wire/websocket/frame.ts'
import type { ServerWebSocket, WebSocketEnd, WebSocketOwner } from '../../../wire/websocket/server-websocket.ts'
import type { RequestField } from '../../rpc/exchange/exchange.ts'
import { HeadFault, type RequestFault } from '../../rpc/exchange/refusal.ts'
import { callHeadOf } from './call-head-of.ts'
import type { Handshake } from './handshake.ts'
import { readHeaderBlock } from './header-block.ts'
import { observeHandshake } from './observe-handshake.ts'
import type { WebSocketHost } from './websocket-host.ts'

/** A handshake that was accepted. */
export interface AcceptedHandshake {
  readonly handshake: Handshake
  /** Whether the cookies and credentials of the handshake count. */
  readonly hasCredentials: boolean
}

/** What becomes of the WebSocket. Each is called at most once. */
export interface OpeningOwner {
  /** Returns why a head is not that of a call over WebSockets; undefined if it is. */
  faultOf(head: RequestHead): RequestFault | undefined
  /** The head of the call has arrived. The WebSocket needs another owner at once. */
  onHead(head: RequestHead): void
  /** There will be no call. The WebSocket needs another owner at once, which answers. */
  onFault(fault: RequestFault): void
  /** The WebSocket is not opening any more: the first event. */
  onLeft(): void
  /** The WebSocket has closed without another owner: the last event. */
  onClosed(): void
}

/** Status of a successful handshake, for observers. */
const ACCEPTED = { '1.0': 101, '1.1': 101, '2': 200 } as const

/** Collects the header block. */
export class OpeningWebSocket implements WebSocketOwner {
  readonly socket: ServerWebSocket
  readonly #host: WebSocketHost
  readonly #accepted: AcceptedHandshake
  readonly #owner: OpeningOwner
  readonly #startedAtMs = performance.now()
  readonly #timer = new WheelTimer(() => this.#end(Code.DeadlineExceeded, 'no header block in time'))
  readonly #block = new BodyBuffer()
  #isOver = false

  /** @param createSocket creates the WebSocket with this owner */
  constructor(
    createSocket: (owner: WebSocketOwner) => ServerWebSocket,
    host: WebSocketHost,
    accepted: AcceptedHandshake,
    owner: OpeningOwner,
  ) {
    this.#host = host
    this.#accepted = accepted
    this.#owner = owner
    this.socket = createSocket(this)
    host.limits.http2.timers.schedule(this.#timer, host.limits.headerTimeoutMs)
  }

  /** Ends it, because the port takes no new calls. */
  drain(): void {
    this.#end(Code.Unavailable, 'the server is shutting down')
  }

  onPayload(chunk: Buffer, start: number, end: number): void {
    if (this.#isOver) return
    if (this.#block.length + end - start > this.#host.limits.maxHeaderListBytes) this.#refuse(HeadFault.TOO_LARGE)
    else this.#block.push(chunk, start, end)
  }

  onMessageEnd(): void {
    if (this.#isOver) return
    const { length } = this.#block
    const block = readHeaderBlock(length === 0 ? '' : this.#block.read(length).toString('latin1'))
    const head = isFault(block)
      ? block
      : callHeadOf({ ...this.#accepted, block, maxHeaderFields: this.#host.limits.maxHeaderFields })
    if ('code' in head) this.#refuse(head)
    else this.#begin(head)
  }

  onReadEnd(): void {
    this.#block.settle()
  }

  onDrain(): void {}

  onEnd({ cause }: WebSocketEnd): void {
    if (this.#isOver) return
    this.#leave()
    this.socket.release()
    this.#observe(cause === 'failed' ? Code.Internal : Code.Canceled)
  }

  onClosed(): void {
    this.#owner.onClosed()
  }

  #begin(head: RequestHead): void {
    const fault = this.#owner.faultOf(head)
    if (fault !== undefined) {
      this.#refuse(fault)
      return
    }
    this.#leave()
    this.#owner.onHead(head)
  }

  #refuse(fault: RequestFault): void {
    this.#leave()
    this.#observe(fault.code)
    this.#owner.onFault(fault)
  }

  #end(code: Code, reason: string): void {
    if (this.#isOver) return
    this.#leave()
    this.socket.close(code === Code.Unavailable ? CloseCode.GOING_AWAY : CloseCode.POLICY_VIOLATION, reason)
    this.socket.release()
    this.#observe(code)
  }

  #leave(): void {
    this.#isOver = true
    this.#block.clear()
    this.#host.limits.http2.timers.cancel(this.#timer)
    this.#owner.onLeft()
  }

  #observe(code: Code): void {
    const { handshake } = this.#accepted
    const httpStatus = ACCEPTED[handshake.connection.httpVersion]
    observeHandshake(this.#host.calls, handshake, { code, httpStatus, startedAtMs: this.#startedAtMs })
  }
}

function isFault(block: readonly RequestField[] | RequestFault): block is RequestFault {
  return !Array.isArray(block)
}
