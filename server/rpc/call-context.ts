/** The context of a handler. Its parts are created on first access, because most handlers use none of them. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type ContextValues, createContextValues, type HandlerContext } from '@connectrpc/connect'
import type { CallTrace } from '../../wire/call-observer.ts'
import type { CallScope, Inheritance } from '../../wire/call-scope.ts'
import { type TimerWheel, urlAuthorityOf } from '../../wire/http2/http2.ts'
import type { CallPlan } from './call-plan.ts'
import { CallPeer, type Peer, peerKey } from './context-keys.ts'
import type { Exchange } from './exchange/exchange.ts'
import { FieldReader } from './exchange/field-reader.ts'
import { type HeaderSender, headerSenderKey, sealHeaders } from './send-headers.ts'

/** Aborts the signal, and ends the pending reads, of a handler whose call ended successfully (as in Connect). */
export const CALL_OVER = new DOMException('the call is over', 'AbortError')

/** The deadline of a call. */
export interface Deadline {
  /** In milliseconds, on `clock`. */
  readonly atMs: number
  readonly clock: TimerWheel['clock']
}

/** What a context belongs to. */
interface CallParts {
  readonly exchange: Exchange
  readonly plan: CallPlan
}

/** Created for each call. A class instance: its getters are lost when it is spread, as with any class. */
export class CallContext implements HandlerContext, CallScope {
  readonly #exchange: Exchange
  readonly #plan: CallPlan
  readonly #sender: HeaderSender
  readonly #deadline: Deadline | null
  #areHeadersSent = false
  #controller: AbortController | undefined
  #isAborted = false
  #reason: unknown
  #requestHeader: Headers | undefined
  #values: ContextValues | undefined
  /** The span of the call. Set before anything runs. */
  trace: CallTrace | undefined
  /** The handler has returned. */
  isHandled = false
  /** Undefined until first accessed. */
  responseHeaderIfSet: Headers | undefined
  /** Undefined until first accessed. */
  responseTrailerIfSet: Headers | undefined

  constructor({ exchange, plan }: CallParts, sender: HeaderSender, deadline: Deadline | null) {
    this.#exchange = exchange
    this.#plan = plan
    this.#sender = sender
    this.#deadline = deadline
  }

  get method(): DescMethod {
    return this.#plan.entry.method
  }

  get service(): DescService {
    return this.#plan.entry.method.parent
  }

  get protocolName(): string {
    return this.#plan.protocol.name
  }

  get requestMethod(): string {
    return this.#exchange.head.method
  }

  /** Built from the authority of the request, or `localhost` where no URL can have that authority. */
  get url(): string {
    const { head, connection } = this.#exchange
    return `${connection.isEncrypted ? 'https' : 'http'}://${urlAuthorityOf(head.authority)}${head.path}`
  }

  /** Whole milliseconds, as in Connect. Returns a closure, so that it works when destructured from the context. */
  get timeoutMs(): () => number | undefined {
    const deadline = this.#deadline
    return () => (deadline === null ? undefined : Math.ceil(deadline.atMs - deadline.clock.now()))
  }

  get inheritance(): Inheritance {
    return this.#plan.entry.propagation.from(this)
  }

  get peer(): Peer {
    return this.values.get(peerKey)
  }

  get signal(): AbortSignal {
    // The signal is created late, so an abort that came earlier is replayed here.
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isAborted) this.#controller.abort(this.#reason)
      else this.#plan.entry.openCalls.add(this)
    }
    return this.#controller.signal
  }

  get requestHeader(): Headers {
    if (this.#requestHeader === undefined) {
      const { requestHeader } = this.#plan.protocol
      this.#requestHeader = new Headers()
      for (const { name, value } of this.#exchange.head.fields) {
        const names = requestHeader === undefined ? name : requestHeader(name)
        for (const mapped of [names ?? []].flat()) this.#requestHeader.append(mapped, value)
      }
    }
    return this.#requestHeader
  }

  /** Returns the values of a request header, joined as by `Headers`, without building these if nothing else needs them. */
  requestField(name: string): string | null {
    const isNamedAlike = this.#plan.protocol.requestHeader === undefined
    if (this.#requestHeader !== undefined || !isNamedAlike) return this.requestHeader.get(name)
    return new FieldReader(this.#exchange.head.fields).get(name)
  }

  get responseHeader(): Headers {
    if (this.responseHeaderIfSet === undefined) {
      const { protocol, codec } = this.#plan
      this.responseHeaderIfSet = new Headers([['content-type', protocol.contentType(codec.name)]])
      if (this.#areHeadersSent) sealHeaders(this.responseHeaderIfSet)
    }
    return this.responseHeaderIfSet
  }

  get responseTrailer(): Headers {
    this.responseTrailerIfSet ??= new Headers()
    return this.responseTrailerIfSet
  }

  get values(): ContextValues {
    if (this.#values === undefined) {
      this.#values = this.#exchange.createContextValues?.() ?? createContextValues()
      this.#values.set(peerKey, new CallPeer(this.#exchange, this.#plan.entry.trustProxy))
      this.#values.set(headerSenderKey, this.#sender)
    }
    return this.#values
  }

  /** Aborts the signal, now or when it is first accessed. Only the first reason counts. */
  abort(reason: unknown): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#reason = reason
    if (this.#controller === undefined) return
    this.#plan.entry.openCalls.delete(this)
    this.#controller.abort(reason)
  }

  /** The call has ended: aborts the signal unless it is aborted already. */
  finish(): void {
    if (!this.#isAborted) this.abort(CALL_OVER)
  }

  /** The handler has sent the headers, so that it should not set more of them. */
  sealHeaders(): void {
    this.#areHeadersSent = true
    if (this.responseHeaderIfSet !== undefined) sealHeaders(this.responseHeaderIfSet)
  }

  /** Drops the headers and trailers that the service set, because they cannot be sent. */
  dropMetadata(): void {
    this.responseHeaderIfSet = undefined
    this.responseTrailerIfSet = undefined
  }
}

/**
 * Returns the values of a request header, joined as by `Headers`; null if there is none. On the native lane it builds no `Headers`, which
 * cost more than all else that a gate does.
 *
 * @param name in lower case
 */
export function requestField(context: HandlerContext, name: string): string | null {
  return context instanceof CallContext ? context.requestField(name) : context.requestHeader.get(name)
}
