/** The middleware of calls on the reference lane, which knows the method of a call only when it comes. */
import type { DescMethod } from '@bufbuild/protobuf'
import { ConnectError, type HandlerContext, type Interceptor } from '@connectrpc/connect'
import { callOutcomeKey } from '../interceptors/call-outcome.ts'
import { askAdmission, endAdmission } from '../rpc/admission.ts'
import { peerKey } from '../rpc/context-keys.ts'
import { type MethodMiddleware, type Middleware, middlewareFor } from '../rpc/middleware.ts'
import type { RequestGate } from '../rpc/request-gate.ts'

/** Joins the parts once per method. */
export class MiddlewareByMethod {
  readonly #middleware: readonly Middleware[]
  readonly #known = new Map<DescMethod, MethodMiddleware>()

  constructor(middleware: readonly Middleware[]) {
    this.#middleware = middleware
  }

  /** Runs the gates of a call's method. */
  readonly requestGate: RequestGate = (context) => this.#of(context.method).requestGate?.(context)

  /** Runs the interceptors of a call's method. */
  readonly interceptor: Interceptor = (next) => (request) =>
    this.#of(request.method).interceptors.reduceRight((inner, interceptor) => interceptor(inner), next)(request)

  /**
   * Asks for admission. Connect aborts the signal of every call at its end.
   *
   * @throws ConnectError if the call is refused
   */
  admit({ method, requestHeader: header, values, signal }: HandlerContext): void {
    const startedAtMs = performance.now()
    const isStream = method.methodKind !== 'unary'
    const request = { method, isStream, header, peer: values.get(peerKey), startedAtMs }
    const control = this.#of(method).admission
    const admission = control && askAdmission(control, request)
    if (admission === null) return
    const log = values.get(callOutcomeKey)?.log
    const onEnd = () => {
      const code = signal.reason instanceof ConnectError ? signal.reason.code : undefined
      endAdmission(admission, { code, durationMs: performance.now() - startedAtMs }, log)
    }
    // A deadline that has passed on arrival has aborted it already.
    if (signal.aborted) onEnd()
    else signal.addEventListener('abort', onEnd, { once: true })
  }

  #of(method: DescMethod): MethodMiddleware {
    let found = this.#known.get(method)
    if (found === undefined) {
      found = middlewareFor(method, this.#middleware)
      this.#known.set(method, found)
    }
    return found
  }
}
