/** An exchange whose response goes through Fastify's hooks before its head is sent. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Buffer } from 'node:buffer'
import { Readable, Stream } from 'node:stream'
import type { ContextValues } from '@connectrpc/connect'
import type { FastifyReply } from 'fastify'
import type { CallObservation } from '../../wire/call-observer.ts'
import type { EncodableField, MemoryBudget } from '../../wire/http2/http2.ts'
import type { Exchange, ExchangeConnection, ExchangeReset, ExchangeSink } from '../rpc/exchange/exchange.ts'
import type { NodeExchange } from '../rpc/exchange/node-exchange.ts'
import { byName, ResponseBlock } from '../rpc/exchange/response-block.ts'
import { type HookFields, headAfterHooks, mergeHead } from './merge-head.ts'
import { OpaquePayload } from './opaque-payload.ts'
import type { RoutedHead } from './routed-head.ts'

/** What a routed exchange is made from. */
export interface RoutedExchangeInit {
  readonly head: RoutedHead
  readonly transport: NodeExchange
  readonly reply: FastifyReply
  /** The route has `onSend` hooks, so heads go through Fastify. */
  readonly hasOnSend: boolean
  readonly owner: RoutedExchangeOwner
}

/** What an exchange reports, and asks for. */
export interface RoutedExchangeOwner {
  createContextValues(): ContextValues
  /** The call has failed. Nothing of the response has been sent. */
  onFailure(thrown: unknown): void
  /** The client has disconnected. */
  onLeft(): void
  /** The response is about to be written by the call, so it need not be watched any more. */
  onBegin(): void
  /** A hook has replaced a body that it cannot change. The original is sent. */
  onReplaced(): void
}

/** The state of the response head: not sent, passing the `onSend` hooks, sent. */
type Phase = 'unsent' | 'inHooks' | 'sent'

/**
 * Everything after the head waits until the head is sent. Fastify sends the body of a unary Connect call, as hooks may
 * change it; all other bodies are opaque to hooks.
 */
export class RoutedExchange implements Exchange, ExchangeSink {
  readonly head: RoutedHead
  readonly connection: ExchangeConnection
  readonly budget: MemoryBudget
  readonly openedAtMs: number
  sink: ExchangeSink | null = null
  readonly observation: CallObservation | null | undefined
  /** The status that the call set. Hooks may still change it. */
  sentStatus = 0
  sentBytes = 0
  /** Default fields of the head, which fields of hooks override. */
  defaultFields: readonly EncodableField[] = []
  /** The HTTP status of a failure; undefined for that of its code. */
  failureStatus: number | undefined
  /** Whether hooks cannot see the body: messages are in envelopes, or the protocol has trailers. */
  isOpaque = true
  readonly #init: RoutedExchangeInit
  readonly #transport: NodeExchange
  #phase: Phase = 'unsent'
  #runsHooks: boolean
  #waiting: (() => void)[] = []
  #payload: unknown
  /** Sends the response when the hooks have passed its head. */
  #send: ((fields: HookFields) => void) | null = null
  #isBlocked = false
  /** The head waits for `resume`; `#beginLater` then starts the response. */
  #isSuspended = false
  #beginLater: (() => void) | null = null
  #inScope: ReturnType<typeof AsyncLocalStorage.snapshot> | null = null

  constructor(init: RoutedExchangeInit) {
    const { head, transport, hasOnSend } = init
    this.head = head
    this.connection = transport.connection
    this.budget = transport.budget
    this.observation = transport.observation
    this.openedAtMs = transport.openedAtMs
    this.#init = init
    this.#transport = transport
    this.#runsHooks = hasOnSend
    transport.sink = this
  }

  /** As determined by Fastify's `trustProxy`. */
  get clientAddress(): string | undefined {
    return this.#init.reply.request.ip
  }

  get isSent(): boolean {
    return this.#phase === 'sent'
  }

  get deadlineAtMs(): number {
    return this.#transport.deadlineAtMs
  }

  set deadlineAtMs(atMs: number) {
    this.#transport.deadlineAtMs = atMs
  }

  get readableBytes(): number {
    return this.#transport.readableBytes
  }

  get isPeerDone(): boolean {
    return this.#transport.isPeerDone
  }

  get isOwed(): boolean {
    return this.sink?.isOwed === true
  }

  /** Called after the hooks. From here on events run in the async context that the hooks have left. */
  start(): void {
    this.head.passHooks()
    this.#inScope = AsyncLocalStorage.snapshot()
  }

  want(bytes: number): boolean {
    return this.#transport.want(bytes)
  }

  byteAt(offset: number): number {
    return this.#transport.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.#transport.read(bytes)
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    this.sentBytes = body.byteLength
    if (this.isOpaque || !this.#runsHooks) this.#begin(head, (merged) => this.#transport.reply(merged, body, trailers))
    else this.#sendByFastify(head, body)
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    this.#begin(head, (merged) => this.#transport.respond(merged, endsResponse))
  }

  /** Before the head is sent, one piece at a time is kept. */
  mayWrite(): boolean {
    return this.#phase !== 'sent' || this.#transport.mayWrite()
  }

  write(data: Uint8Array): boolean {
    this.sentBytes += data.byteLength
    if (this.#phase === 'sent') return this.#transport.write(data)
    this.#waiting.push(() => {
      this.#isBlocked = !this.#transport.write(data)
    })
    return false
  }

  writeCopy(prefix: Uint8Array, data: Uint8Array): boolean {
    if (this.#phase !== 'sent') return this.write(Buffer.concat([prefix, data]))
    this.sentBytes += prefix.byteLength + data.byteLength
    return this.#transport.writeCopy(prefix, data)
  }

  end(data?: Uint8Array): void {
    if (data !== undefined) this.sentBytes += data.byteLength
    this.#afterHead(() => this.#transport.end(data))
  }

  endWithTrailers(trailers: ResponseBlock): void {
    this.#afterHead(() => this.#transport.endWithTrailers(trailers))
  }

  reset(code: number): void {
    this.#phase = 'sent'
    this.#waiting = []
    this.#transport.reset(code)
  }

  /** Holds the head back. */
  suspend(): void {
    this.#isSuspended = true
  }

  /** Lets the head go on. */
  resume(): void {
    this.#isSuspended = false
    this.#beginLater?.()
    this.#beginLater = null
    if (this.#phase === 'sent') this.#flush()
  }

  onFailure(thrown: unknown): void {
    this.#init.owner.onFailure(thrown)
  }

  createContextValues(): ContextValues {
    return this.#init.owner.createContextValues()
  }

  release(): void {
    this.#transport.release()
  }

  /** Discards what was to be sent. The next head goes out without hooks. */
  takeBack(): void {
    if (this.#phase === 'sent') return
    this.#phase = 'unsent'
    this.#runsHooks = false
    this.#isSuspended = false
    this.#waiting = []
    this.#send = null
    this.#beginLater = null
  }

  /**
   * The last `onSend` hook has run.
   *
   * @returns whether Fastify should send the payload
   */
  passOnSend(payload: unknown): boolean {
    if (this.#phase !== 'inHooks') return true
    const send = this.#send
    if (send === null) {
      this.#phase = 'sent'
      this.#init.owner.onBegin()
      return true
    }
    this.#send = null
    if (payload !== this.#payload) {
      drop(payload)
      this.#init.owner.onReplaced()
    }
    send(this.#takeFields())
    this.#flush()
    return false
  }

  onReadable(): void {
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onReadable()
    else this.#inScope(tellReadable, this.sink)
  }

  onWritable(): void {
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onWritable()
    else this.#inScope(tellWritable, this.sink)
  }

  onReset(reset: ExchangeReset): void {
    this.#phase = 'sent'
    this.#waiting = []
    this.#beginLater = null
    if (reset.source !== 'local') this.#init.owner.onLeft()
    if (this.sink === null) return
    if (this.#inScope === null) this.sink.onReset(reset)
    else this.#inScope(tellReset, this.sink, reset)
  }

  #begin(head: ResponseBlock, send: (merged: ResponseBlock) => void): void {
    if (this.#phase !== 'unsent') return
    if (this.#isSuspended) {
      this.#beginLater = () => this.#begin(head, send)
      return
    }
    const { reply } = this.#init
    const merged = mergeHead(this.#withStatus(head), reply.getHeaders(), this.defaultFields)
    this.sentStatus = merged.status
    if (!this.#runsHooks) {
      this.#takeFields()
      send(merged)
      return
    }
    this.#send = (fields) => send(headAfterHooks(merged, fields))
    this.#runHooks(merged, new OpaquePayload())
  }

  #sendByFastify(head: ResponseBlock, body: Uint8Array): void {
    if (this.#phase !== 'unsent') return
    if (this.#isSuspended) {
      this.#beginLater = () => this.#sendByFastify(head, body)
      return
    }
    const merged = mergeHead(this.#withStatus(head), this.#init.reply.getHeaders(), this.defaultFields)
    this.sentStatus = merged.status
    this.#runHooks(merged, Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  }

  #runHooks(merged: ResponseBlock, payload: OpaquePayload | Buffer): void {
    const { reply } = this.#init
    this.#phase = 'inHooks'
    this.#payload = payload
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
    reply.code(merged.status).headers(byName(merged.fields)).send(payload)
  }

  #withStatus(head: ResponseBlock): ResponseBlock {
    const { failureStatus } = this
    if (failureStatus === undefined || head.status < 400) return head
    return ResponseBlock.once(failureStatus, head.fields)
  }

  /** Takes the fields that hooks have set off the response. */
  #takeFields(): HookFields {
    const { reply, owner } = this.#init
    const fields = reply.getHeaders()
    this.#phase = 'sent'
    owner.onBegin()
    for (const name of reply.raw.getHeaderNames()) reply.raw.removeHeader(name)
    return fields
  }

  #afterHead(what: () => void): void {
    if (this.#phase === 'sent') what()
    else this.#waiting.push(what)
  }

  #flush(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const what of waiting) what()
    if (!this.#isBlocked) this.onWritable()
  }
}

function tellReadable(sink: ExchangeSink): void {
  sink.onReadable()
}

function tellWritable(sink: ExchangeSink): void {
  sink.onWritable()
}

function tellReset(sink: ExchangeSink, reset: ExchangeReset): void {
  sink.onReset(reset)
}

/** A stream that a hook created, such as a compressor, holds memory until it is destroyed. */
function drop(payload: unknown): void {
  if (payload instanceof Stream) payload.on('error', () => {})
  if (payload instanceof Readable) payload.destroy()
}
