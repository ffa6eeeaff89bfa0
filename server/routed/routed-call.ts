/** A call that goes through Fastify: it waits for the hooks, and is ended by them or runs after them. */
import { finished, type Readable } from 'node:stream'
import { Code, ConnectError, type ContextValues, createContextValues } from '@connectrpc/connect'
import { codeToHttpStatus } from '@connectrpc/connect/protocol-connect'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ErrorCode } from '../../wire/http2/http2.ts'
import type { Call } from '../rpc/call.ts'
import { fastifyRequestKey } from '../rpc/context-keys.ts'
import type { NativeLane } from '../rpc/native-lane.ts'
import { type AnswerTranslator, AnswerWatch, type ForeignAnswer } from './answer-watch.ts'
import type { CallRoute } from './call-route.ts'
import { exemptStream } from './exempt-stream.ts'
import { errorOfAnswer, serializedErrorOf } from './foreign-error.ts'
import { RoutedExchange, type RoutedExchangeInit, type RoutedExchangeOwner } from './routed-exchange.ts'
import { runHooks } from './scope-hooks.ts'

/** What a routed call is made from. */
export interface RoutedCallInit extends Pick<RoutedExchangeInit, 'head' | 'transport'> {
  readonly route: CallRoute
  readonly lane: NativeLane
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Creates the initial context values; undefined for only the request. */
  readonly contextValues: ((request: FastifyRequest) => ContextValues) | undefined
  /** Whether the server is not our own, and has timeouts that do not spare streams. */
  readonly isServerForeign: boolean
  /** Called when a hook has replaced a body that it cannot change. */
  onReplaced(): void
}

const kCall = Symbol('portico: the call of a response')

/** Returns the call of a request; undefined for other requests. */
export function routedCallOf(request: FastifyRequest): RoutedCall | undefined {
  return (request as CallRequest)[kCall]
}

type CallRequest = FastifyRequest & { [kCall]?: RoutedCall }

/** Created before the first hook runs. */
export class RoutedCall implements AnswerTranslator, RoutedExchangeOwner {
  /** The body after the last `preParsing` hook; undefined if Fastify reads none. */
  body: Readable | undefined
  readonly #init: RoutedCallInit
  readonly #watch: AnswerWatch
  readonly #exchange: RoutedExchange
  readonly #call: Call | null
  /** The call is being ended by a hook, so Fastify has run the error hooks already. */
  #isTranslating = false
  /** The first error that a hook threw, if it was a ConnectError. */
  #thrown: ConnectError | undefined

  constructor(init: RoutedCallInit) {
    const { request, reply, lane } = init
    this.#init = init
    this.#watch = new AnswerWatch(reply.raw, this)
    const { hasOnSend } = init.route
    this.#exchange = new RoutedExchange({ ...init, hasOnSend, owner: this })
    ;(request as CallRequest)[kCall] = this
    this.#call = lane.open(this.#exchange)
    if (this.#call === null) return
    const { protocol, baseFields } = this.#call.plan
    this.#exchange.isOpaque = protocol.compression?.isByMessage === true
    this.#exchange.defaultFields = baseFields
  }

  /** Whether the request goes on to the hooks. False if it was answered from its head alone. */
  get isWaiting(): boolean {
    return this.#call !== null && !this.#exchange.isSent
  }

  /** A hook that hijacked the reply answers itself, so its output passes unchanged. */
  lets(): boolean {
    const { reply } = this.#init
    return reply.sent && !reply.raw.writableEnded
  }

  /**
   * Runs the call after its hooks, unless it has ended.
   *
   * @returns what Fastify's handler returns: the reply if a wrapper waits for its end
   */
  start(): FastifyReply | undefined {
    const call = this.#call
    const { reply, route } = this.#init
    if (call === null) return undefined
    // Otherwise Fastify would time the reply out, or send one when a wrapped handler returns nothing.
    if (!route.hasOnSend && !route.hasOnTimeout) reply.hijack()
    if (this.body !== undefined && this.body !== this.#init.request.raw) this.#readFrom(this.body, call)
    if (this.#init.isServerForeign && call.plan.entry.kind !== 'unary') exemptStream(this.#init.request.raw, reply.raw)
    this.#exchange.start()
    call.start()
    return route.isWrapped && !reply.sent ? reply : undefined
  }

  /** A hook has failed. The error handlers of the app run next, and their answer comes to `translate`. */
  onHookError(error: unknown): void {
    this.#exchange.takeBack()
    if (!(error instanceof ConnectError)) return
    this.#thrown ??= error
    this.#init.reply.code(codeToHttpStatus(error.code))
  }

  /** The last `onSend` hook has run. Returns whether Fastify should send the payload. */
  passOnSend(payload: unknown): boolean {
    return this.#exchange.passOnSend(payload)
  }

  /** Ends the call with the error that the answer means, in the protocol of the caller. */
  translate(answer: ForeignAnswer): void {
    const call = this.#call
    if (call === null) return
    const error = this.#errorOf(answer)
    this.#isTranslating = true
    this.#exchange.takeBack()
    try {
      call.plan.protocol.fail(call, error)
    } catch {
      // The error is sent below without what cannot be encoded.
    }
    call.fail(error)
    if (!this.#exchange.isSent) this.#exchange.reset(ErrorCode.INTERNAL_ERROR)
  }

  createContextValues(): ContextValues {
    const { request, contextValues } = this.#init
    return (contextValues?.(request) ?? createContextValues()).set(fastifyRequestKey, request)
  }

  /** Runs the `onError` hooks before the error is sent, as they may add headers. */
  onFailure(thrown: unknown): void {
    const { route, request, reply } = this.#init
    if (this.#isTranslating || route.onError.length === 0) return
    this.#exchange.suspend()
    runHooks(route.onError, [request, reply, thrown], (fault) => {
      if (fault !== undefined) request.log.error({ err: fault }, 'an onError hook failed')
      this.#exchange.resume()
    })
  }

  /** Fastify notices a disconnect only until the request has been read. */
  onLeft(): void {
    const { route, request } = this.#init
    const { complete, readableEnded } = request.raw
    if (route.onRequestAbort.length === 0 || !complete || !readableEnded) return
    runHooks(route.onRequestAbort, [request], (fault) => {
      if (fault !== undefined) request.log.error({ err: fault }, 'an onRequestAbort hook failed')
    })
  }

  /** What the call writes itself must not be intercepted. */
  onBegin(): void {
    this.#watch.release()
  }

  onReplaced(): void {
    this.#init.onReplaced()
  }

  /** An error that a hook threw is used as it is. Otherwise the response tells what it means. */
  #errorOf(answer: ForeignAnswer): ConnectError {
    const { reply } = this.#init
    const fields = reply.getHeaders()
    for (const [name, value] of Object.entries(answer.fields)) {
      if (fields[name] === undefined) reply.header(name, value)
    }
    const error = serializedErrorOf(answer.chunks[0]) ?? this.#thrown
    if (error !== undefined) return error
    if (answer.status >= 400) this.#exchange.failureStatus = answer.status
    return errorOfAnswer({ ...answer, fields: reply.getHeaders() })
  }

  /** By a convention of Fastify, a stream with `receivedEncodedLength` has decoded the body. */
  #readFrom(body: Readable & { readonly receivedEncodedLength?: number }, call: Call): void {
    this.#init.transport.readFrom(body)
    if (body.receivedEncodedLength !== undefined) call.readDecoded()
    finished(body, { writable: false }, (error) => {
      if (error != null) call.fail(new ConnectError('request body cannot be decoded', Code.InvalidArgument))
    })
  }
}
