/** One try of a call over plain HTTP: finds a connection, sends the request, and hands on the answer as it comes. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { UniversalClientFn, UniversalClientRequest, UniversalClientResponse } from '@connectrpc/connect/protocol'
import { type EncodableField, headerField } from '../../../wire/http2/http2.ts'
import { toHeaders } from '../../../wire/read-status.ts'
import type { PickFailure, PickWaiter } from '../channel/pick-queue.ts'
import type { HttpExchange, HttpFailure, HttpHead, HttpListener } from '../contracts/http-exchange.ts'
import type { PickedSubchannel } from '../contracts/picker.ts'
import type { SubchannelConnection } from '../contracts/subchannel.ts'
import { outrunError, sendError } from '../rpc/call-errors.ts'
import type { AttemptTrace, ObservedAttempt } from '../rpc/call-observer.ts'
import { MAX_REPLAY_BYTES } from '../rpc/client-call.ts'
import { replaceFields } from '../rpc/replace-fields.ts'
import type { HttpCall } from './http-call.ts'
import { MessageMeter } from './message-meter.ts'
import { RequestBody } from './request-body.ts'

/** What is tried. */
export interface HttpAttemptInit {
  readonly call: HttpCall
  readonly kind: ObservedAttempt
  /** Metadata, as interceptors have left it. */
  readonly header: Headers
  /** The request is one message: it is sent as a whole, and again if need be. */
  readonly sendsOne: boolean
  /** Its messages are in envelopes. False: a body is a message. */
  readonly isEnveloped: boolean
  /** To make the call twice does no harm. */
  readonly isIdempotent: boolean
}

/** What attempts send beside what the protocol and the caller say. */
export interface HttpAttemptSettings {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly userAgent: string
  /** The field that tells the server how long the call may take. */
  timeoutField(timeoutMs: number): EncodableField
  /** Whether a body that begins with this byte is a status alone: as Trailers-Only, it is no answer to commit to. */
  beginsWithStatus(firstByte: number): boolean
}

const NO_TRAILER: Headers = new Headers()

/** `send` is the HTTP client of the protocol, and is called once at most. What is not ended ends with its call. */
export class HttpAttempt implements PickWaiter, HttpListener {
  lastPickError: ConnectError | undefined
  readonly requestHeader: Headers
  /** Is to be told by whoever compresses and inflates messages; null: nobody asks how large they are. */
  readonly meter: MessageMeter | null
  readonly #init: HttpAttemptInit
  readonly #settings: HttpAttemptSettings
  readonly #outcome = Promise.withResolvers<UniversalClientResponse>()
  readonly #trailer = new Headers()
  /** Null: nobody follows it. */
  #trace: AttemptTrace | null
  #request: UniversalClientRequest | null = null
  #body: RequestBody | null = null
  #picked: PickedSubchannel | null = null
  #exchange: HttpExchange | null = null
  #error: ConnectError | null = null
  #onReadable: (() => void) | null = null
  #beganAtMs = 0
  #wasRefused = false
  #isDropped = false
  #hasAnswer = false
  #isOver = false

  constructor(init: HttpAttemptInit, settings: HttpAttemptSettings) {
    const { call, kind, header } = init
    this.requestHeader = header
    this.#init = init
    this.#settings = settings
    this.#trace = call.follower?.onAttempt(kind) ?? null
    this.meter = call.follower === null ? null : this.#createMeter()
    // Whoever aborts before anybody waits for the outcome is heard all the same.
    this.#outcome.promise.catch(() => {})
    call.signal.addEventListener('abort', () => this.end(abortReason(call.signal), NO_TRAILER), { once: true })
  }

  get #call(): HttpCall {
    return this.#init.call
  }

  get path(): string {
    return this.#call.path
  }

  get waitsForReady(): boolean {
    return this.#call.waitsForReady
  }

  /** The balancer has refused it on purpose, its answer has begun, or it has sent too much (gRFC A6): no other may follow. */
  get isFinal(): boolean {
    const sentBytes = this.#exchange === null ? 0 : (this.#body?.content?.byteLength ?? 0)
    return this.#isDropped || this.#hasAnswer || sentBytes > MAX_REPLAY_BYTES
  }

  readonly send: UniversalClientFn = async (request) => {
    this.#request = request
    const { meter } = this
    this.#body = this.#init.sendsOne
      ? await RequestBody.whole(request.body)
      : RequestBody.streamed(request.body, meter === null ? null : (piece) => meter.onPiece(piece))
    this.#heed(request.signal)
    if (this.#error === null) this.#pick()
    return this.#outcome.promise
  }

  /** The call knows how it went. Harmless after the first time. */
  end(error: ConnectError | null, trailer: Headers): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#fail(error ?? outrunError())
    this.#leave(error, trailer)
  }

  onPicked(connection: SubchannelConnection, picked: PickedSubchannel): void {
    const request = this.#request
    if (request === null) return
    try {
      this.#exchange = this.#startExchange(connection, request)
    } catch (error) {
      this.#fail(sendError(error))
      return
    }
    this.#picked = picked
    this.#call.waitsFor = () => ''
    picked.onStart?.()
    const nowMs = this.#call.nowMs()
    picked.subchannel.calls.begin(nowMs)
    this.#trace?.onPicked(connection.peer, nowMs - this.#beganAtMs)
    const content = this.#body?.content ?? null
    if (content !== null) this.meter?.onRequest(request, content)
    this.#body?.sendOver(this.#exchange, (error) => this.#fail(error))
  }

  onPickFailed(error: ConnectError, { isDrop }: PickFailure): void {
    this.#isDropped = isDrop
    this.#fail(error)
  }

  onHead({ status, fields }: HttpHead): void {
    this.#body?.commit()
    const header = toHeaders(fields)
    this.meter?.onHead(status, header)
    this.#hasAnswer = status === 200 && !header.has('grpc-status')
    this.#outcome.resolve({ status, header, body: this.#readAll(), trailer: this.#trailer })
  }

  onReadable(): void {
    this.#onReadable?.()
    this.#onReadable = null
  }

  onWritable(): void {
    this.#body?.onWritable()
  }

  onFailed({ error, processing }: HttpFailure): void {
    if (this.#mayRestart(processing)) this.#restart(error, processing === 'refused')
    else this.#fail(error)
  }

  #createMeter(): MessageMeter {
    const { isEnveloped } = this.#init
    return new MessageMeter({ isEnveloped, maxReceiveBytes: this.#call.maxReceiveBytes, trace: () => this.#trace })
  }

  #heed(signal: AbortSignal | undefined): void {
    const onAbort = (): void => this.#fail(abortReason(signal))
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  }

  #pick(): void {
    this.#beganAtMs = this.#call.nowMs()
    this.#call.waitsFor = () => {
      const because = this.lastPickError === undefined ? '' : `: ${this.lastPickError.rawMessage}`
      return ` before there was a connection${because}`
    }
    this.#call.parts.channel.pick(this)
  }

  #startExchange(connection: SubchannelConnection, request: UniversalClientRequest): HttpExchange {
    const { scheme, authority } = this.#settings
    const { method, url } = request
    const { isIdempotent } = this.#init
    const body = this.#body?.content ?? null
    const fields = replaceFields(this.#fieldsOf(request.header), this.#trace?.fields ?? [])
    return connection.exchange({ method, scheme, authority, path: url, fields, body, isIdempotent }, this)
  }

  #fieldsOf(header: Headers): EncodableField[] {
    const { userAgent, timeoutField } = this.#settings
    const { previousAttempts } = this.#init.kind
    const timeoutMs = this.#call.timeLeftMs()
    const fields: EncodableField[] = []
    for (const [name, value] of header) if (name !== 'user-agent') fields.push({ name, value })
    fields.push({ name: 'user-agent', value: userAgent })
    if (timeoutMs !== undefined) fields.push(timeoutField(timeoutMs))
    if (previousAttempts > 0) fields.push({ name: 'grpc-previous-rpc-attempts', value: String(previousAttempts) })
    return fields
  }

  /** What never left us may be tried for ever, what a server refused only once, and only first attempts (gRFC A6). */
  #mayRestart(processing: HttpFailure['processing']): boolean {
    if (this.#error !== null || this.#body?.canReplay !== true || processing === 'unknown') return false
    return processing === 'unsent' || !(this.#wasRefused || this.#init.kind.previousAttempts > 0)
  }

  /** No server has looked at it: once again, at once. */
  #restart(error: ConnectError, wasRefused: boolean): void {
    this.#wasRefused ||= wasRefused
    this.#leave(error, error.metadata)
    this.#trace = this.#call.follower?.onAttempt({ ...this.#init.kind, isTransparentRetry: true }) ?? null
    this.#exchange = null
    this.#body?.detach()
    this.#pick()
  }

  /** Tells those who follow it, and the balancer if it had come so far. */
  #leave(error: ConnectError | null, trailer: Headers): void {
    const picked = this.#picked
    this.#picked = null
    this.#trace?.onEnd(error)
    this.#trace = null
    if (picked === null) return
    const trailers = [...trailer].map(([name, value]) => headerField(name, value))
    picked.subchannel.calls.end(error === null)
    picked.onEnd?.({ error, trailers: trailers.length === 0 ? null : trailers })
  }

  /** Whoever waits is told; what is under way ends. */
  #fail(error: ConnectError): void {
    if (this.#error !== null) return
    this.#error = error
    this.#call.parts.channel.leave(this)
    this.#exchange?.cancel()
    this.#body?.stop()
    this.#outcome.reject(error)
    this.onReadable()
  }

  async *#readAll(): AsyncGenerator<Uint8Array> {
    let isFirst = true
    for (;;) {
      if (this.#error !== null) throw this.#error
      const chunk = this.#exchange?.read() ?? null
      if (isFirst && chunk?.[0] !== undefined) {
        isFirst = false
        if (this.#settings.beginsWithStatus(chunk[0])) this.#hasAnswer = false
      }
      if (chunk !== null) {
        this.meter?.onChunk(chunk)
        yield chunk
      } else if (this.#exchange?.isAtEnd !== false) break
      else await this.#untilReadable()
    }
    this.meter?.onEnd()
    for (const { name, value } of this.#exchange?.trailers ?? []) this.#trailer.append(name, value)
    // The rest of a request that has its answer is of no use.
    this.#body?.stop()
    this.#exchange?.cancel()
  }

  #untilReadable(): Promise<void> {
    return new Promise((resolve) => {
      this.#onReadable = resolve
    })
  }
}

function abortReason(signal: AbortSignal | undefined): ConnectError {
  return ConnectError.from(signal?.reason, Code.Canceled)
}
