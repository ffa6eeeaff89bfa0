/** A call on its way through Fastify: it waits for the hooks, is ended by them, or goes on behind them. */
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

/** What a routed call is made with. */
export interface RoutedCallInit extends Pick<RoutedExchangeInit, 'head' | 'transport'> {
  readonly route: CallRoute
  readonly lane: NativeLane
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Makes what the context of the call starts with; undefined: nothing but the request. */
  readonly contextValues: ((request: FastifyRequest) => ContextValues) | undefined
  /** The server is not ours, and has timeouts that know nothing of calls. */
  readonly isServerForeign: boolean
  /** A hook has replaced a body that is not its to change. */
  onReplaced(): void
}

const kCall = Symbol('portico: the call of a response')

/** Returns the call that a request makes; undefined for other requests. */
export function routedCallOf(request: FastifyRequest): RoutedCall | undefined {
  return (request as CallRequest)[kCall]
}

type CallRequest = FastifyRequest & { [kCall]?: RoutedCall }

/** Made before the first hook runs. */
export class RoutedCall implements AnswerTranslator, RoutedExchangeOwner {
  /** The body as the last `preParsing` hook left it; undefined where Fastify reads none. */
  body: Readable | undefined
  readonly #init: RoutedCallInit
  readonly #watch: AnswerWatch
  readonly #exchange: RoutedExchange
  readonly #call: Call | null
  /** What ended the call came from a hook: Fastify has told the others. */
  #isTranslating = false
  /** The first error of a hook, if it was meant for the client. */
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

  /** The request goes on to the hooks: it was not answered for its head. */
  get isWaiting(): boolean {
    return this.#call !== null && !this.#exchange.isSent
  }

  /** What is written to a response that was hijacked is nobody's business. */
  lets(): boolean {
    const { reply } = this.#init
    return reply.sent && !reply.raw.writableEnded
  }

  /**
   * The hooks are through: the call goes on, unless it has ended meanwhile.
   *
   * @returns what Fastify's handler is to return: the reply where somebody waits for its end
   */
  start(): FastifyReply | undefined {
    const call = this.#call
    const { reply, route } = this.#init
    if (call === null) return undefined
    // Fastify would end a reply that takes long, and send one that a wrapped handler does not.
    if (!route.hasOnSend && !route.hasOnTimeout) reply.hijack()
    if (this.body !== undefined && this.body !== this.#init.request.raw) this.#readFrom(this.body, call)
    if (this.#init.isServerForeign && call.plan.entry.kind !== 'unary') exemptStream(this.#init.request.raw, reply.raw)
    this.#exchange.start()
    call.start()
    return route.isWrapped && !reply.sent ? reply : undefined
  }

  /** A hook has failed; the error handlers of the app come next, and then `translate`. */
  onHookError(error: unknown): void {
    this.#exchange.takeBack()
    if (!(error instanceof ConnectError)) return
    this.#thrown ??= error
    this.#init.reply.code(codeToHttpStatus(error.code))
  }

  /** The last `onSend` hook has run. Returns whether Fastify sends the payload. */
  passOnSend(payload: unknown): boolean {
    return this.#exchange.passOnSend(payload)
  }

  /** Ends the call as the answer says, in the protocol of the caller. */
  translate(answer: ForeignAnswer): void {
    const call = this.#call
    if (call === null) return
    const error = this.#errorOf(answer)
    this.#isTranslating = true
    this.#exchange.takeBack()
    try {
      call.plan.protocol.fail(call, error)
    } catch {
      // What cannot be sent of the error goes without, below.
    }
    call.fail(error)
    if (!this.#exchange.isSent) this.#exchange.reset(ErrorCode.INTERNAL_ERROR)
  }

  createContextValues(): ContextValues {
    const { request, contextValues } = this.#init
    return (contextValues?.(request) ?? createContextValues()).set(fastifyRequestKey, request)
  }

  /** Hooks that see the error run before the answer, which they may add fields to. */
  onFailure(thrown: unknown): void {
    const { route, request, reply } = this.#init
    if (this.#isTranslating || route.onError.length === 0) return
    this.#exchange.suspend()
    runHooks(route.onError, [request, reply, thrown], (fault) => {
      if (fault !== undefined) request.log.error({ err: fault }, 'an onError hook failed')
      this.#exchange.resume()
    })
  }

  /** Fastify watches the request alone, which is over once it has been read. */
  onLeft(): void {
    const { route, request } = this.#init
    const { complete, readableEnded } = request.raw
    if (route.onRequestAbort.length === 0 || !complete || !readableEnded) return
    runHooks(route.onRequestAbort, [request], (fault) => {
      if (fault !== undefined) request.log.error({ err: fault }, 'an onRequestAbort hook failed')
    })
  }

  onBegin(): void {
    this.#watch.release()
  }

  onReplaced(): void {
    this.#init.onReplaced()
  }

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

  /** A stream that counts what it took of the request has undone the encoding of the body, by a convention of Fastify's. */
  #readFrom(body: Readable & { readonly receivedEncodedLength?: number }, call: Call): void {
    this.#init.transport.readFrom(body)
    if (body.receivedEncodedLength !== undefined) call.readDecoded()
    finished(body, { writable: false }, (error) => {
      if (error != null) call.fail(new ConnectError('request body cannot be decoded', Code.InvalidArgument))
    })
  }
}
