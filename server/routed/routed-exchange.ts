/** An exchange whose response goes through Fastify's hooks before its head is sent. */
import { Buffer } from 'node:buffer'
import { Readable, Stream } from 'node:stream'
import type { ContextValues } from '@connectrpc/connect'
import type { FastifyReply } from 'fastify'
import type { EncodableField } from '../../wire/http2/http2.ts'
import { copyOf } from '../../wire/http2/http2.ts'
import type { ExchangeReset } from '../rpc/exchange/exchange.ts'
import type { NodeExchange } from '../rpc/exchange/node-exchange.ts'
import { byName, ResponseBlock } from '../rpc/exchange/response-block.ts'
import { LayeredExchange } from './layered-exchange.ts'
import { type HookFields, headAfterHooks, mergeHead } from './merge-head.ts'
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
export class RoutedExchange extends LayeredExchange {
  readonly head: RoutedHead
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

  constructor(init: RoutedExchangeInit) {
    super(init.transport)
    this.head = init.head
    this.#init = init
    this.#runsHooks = init.hasOnSend
  }

  /** As determined by Fastify's `trustProxy`. */
  get clientAddress(): string | undefined {
    return this.#init.reply.request.ip
  }

  get isSent(): boolean {
    return this.#phase === 'sent'
  }

  /** Called after the hooks. From here on events run in the async context that the hooks have left. */
  start(): void {
    this.head.passHooks()
    this.enterScope()
  }

  reply(head: ResponseBlock, body: Uint8Array, trailers: ResponseBlock | null): void {
    this.sentBytes = body.byteLength
    // Fastify sends no trailers.
    const isSentHere = this.isOpaque || trailers !== null || !this.#runsHooks
    if (isSentHere) this.#begin(head, (merged) => this.transport.reply(merged, body, trailers))
    else this.#sendByFastify(head, body)
  }

  respond(head: ResponseBlock, endsResponse = false): void {
    this.#begin(head, (merged) => this.transport.respond(merged, endsResponse))
  }

  /** Before the head is sent, one piece at a time is kept. */
  mayWrite(): boolean {
    return this.#phase !== 'sent' || this.transport.mayWrite()
  }

  write(data: Uint8Array): boolean {
    this.sentBytes += data.byteLength
    if (this.#phase === 'sent') return this.transport.write(data)
    this.#waiting.push(() => {
      this.#isBlocked = !this.transport.write(data)
    })
    return false
  }

  writeRange(buffer: Uint8Array, start: number, end: number): boolean {
    if (this.#phase !== 'sent') return this.write(copyOf(buffer, start, end))
    this.sentBytes += end - start
    return this.transport.writeRange(buffer, start, end)
  }

  end(data?: Uint8Array): void {
    if (data !== undefined) this.sentBytes += data.byteLength
    this.#afterHead(() => this.transport.end(data))
  }

  endWithTrailers(trailers: ResponseBlock): void {
    this.#afterHead(() => this.transport.endWithTrailers(trailers))
  }

  reset(code: number): void {
    this.#phase = 'sent'
    this.#waiting = []
    this.transport.reset(code)
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

  override onReset(reset: ExchangeReset): void {
    this.#phase = 'sent'
    this.#waiting = []
    this.#beginLater = null
    if (reset.source !== 'local') this.#init.owner.onLeft()
    super.onReset(reset)
  }

  /** Starts a response whose body hooks cannot see. `send` runs at once without hooks, otherwise after the last one. */
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

  /** Starts a response whose body hooks may change. Fastify runs its hooks on it, and sends the result itself. */
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

  /** Fields that earlier hooks set are part of `merged`, so they are removed from the reply first, not sent twice. */
  #runHooks(merged: ResponseBlock, payload: OpaquePayload | Buffer): void {
    const { reply } = this.#init
    this.#phase = 'inHooks'
    this.#payload = payload
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
    reply.code(merged.status).headers(byName(merged.fields)).send(payload)
  }

  /** A hook that answered with an HTTP error decides the status of protocols that report by it. */
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

  /** Keeps the order: nothing may be sent before the head. */
  #afterHead(what: () => void): void {
    if (this.#phase === 'sent') what()
    else this.#waiting.push(what)
  }

  /** Sends what was waiting for the head, then asks for more unless the transport is full. */
  #flush(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const what of waiting) what()
    if (!this.#isBlocked) this.onWritable()
  }
}

/**
 * Stands for the messages of a call. A stream, as hooks expect for a body that is not there yet, and empty, so that a
 * hook that reads it does not wait.
 */
class OpaquePayload extends Readable {
  override _read(): void {
    this.push(null)
  }
}

/** A stream that a hook created, such as a compressor, holds memory until it is destroyed. */
function drop(payload: unknown): void {
  if (payload instanceof Stream) payload.on('error', () => {})
  if (payload instanceof Readable) payload.destroy()
}
