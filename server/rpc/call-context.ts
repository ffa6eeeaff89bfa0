/** What a handler is told about its call; nothing of it is made before it is asked for. */
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type ContextValues, createContextValues, type HandlerContext } from '@connectrpc/connect'
import type { CallScope } from '../../wire/call-scope.ts'
import { type TimerWheel, urlAuthorityOf } from '../../wire/http2/http2.ts'
import type { CallPlan } from './call-plan.ts'
import { CallPeer, peerKey } from './context-keys.ts'
import type { Exchange } from './exchange/exchange.ts'

/** The reason of a handler's signal, and of its pending reads, once its call has ended with success (as in Connect). */
export const CALL_OVER = new DOMException('the call is over', 'AbortError')

/** When a call must be over. */
export interface Deadline {
  /** By the clock. */
  readonly atMs: number
  readonly clock: TimerWheel['clock']
}

/** One a call. Like any class its properties are not copied by a spread. */
export class CallContext implements HandlerContext, CallScope {
  readonly #exchange: Exchange
  readonly #plan: CallPlan
  readonly #deadline: Deadline | null
  #controller: AbortController | undefined
  #isAborted = false
  #reason: unknown
  #requestHeader: Headers | undefined
  #values: ContextValues | undefined
  /** The handler has come back. */
  isHandled = false
  /** Undefined until somebody asked for it. */
  responseHeaderIfSet: Headers | undefined
  /** Undefined until somebody asked for it. */
  responseTrailerIfSet: Headers | undefined

  constructor(exchange: Exchange, plan: CallPlan, deadline: Deadline | null) {
    this.#exchange = exchange
    this.#plan = plan
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

  get url(): string {
    const { head, connection } = this.#exchange
    return `${connection.isEncrypted ? 'https' : 'http'}://${urlAuthorityOf(head.authority)}${head.path}`
  }

  /** Whole milliseconds, as in Connect. A function of its own, so that it may be taken out of the context. */
  get timeoutMs(): () => number | undefined {
    const deadline = this.#deadline
    return () => (deadline === null ? undefined : Math.ceil(deadline.atMs - deadline.clock.now()))
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isAborted) this.#controller.abort(this.#reason)
      else this.#plan.entry.openCalls.add(this)
    }
    return this.#controller.signal
  }

  get requestHeader(): Headers {
    if (this.#requestHeader === undefined) {
      this.#requestHeader = new Headers()
      for (const { name, value } of this.#exchange.head.fields) this.#requestHeader.append(name, value)
    }
    return this.#requestHeader
  }

  get responseHeader(): Headers {
    if (this.responseHeaderIfSet === undefined) {
      const { protocol, codec } = this.#plan
      this.responseHeaderIfSet = new Headers([['content-type', protocol.contentType(codec.name)]])
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
    }
    return this.#values
  }

  /** Aborts the signal, if ever it is asked for; only the first time counts. */
  abort(reason: unknown): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#reason = reason
    if (this.#controller === undefined) return
    this.#plan.entry.openCalls.delete(this)
    this.#controller.abort(reason)
  }

  /** The call is over. */
  finish(): void {
    if (!this.#isAborted) this.abort(CALL_OVER)
  }

  /** What the service set cannot be sent: it goes without. */
  dropMetadata(): void {
    this.responseHeaderIfSet = undefined
    this.responseTrailerIfSet = undefined
  }
}
