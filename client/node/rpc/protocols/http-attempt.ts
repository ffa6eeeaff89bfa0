/** Attempts of protocols that use plain HTTP requests, over HTTP/2 or HTTP/1.1. */
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { AttemptStart } from '../../../../wire/call-observer.ts'
import type { EncodedMessage } from '../../../../wire/codec/encode/message-encoder.ts'
import { writeEncoded, writeEnveloped } from '../../../../wire/envelope.ts'
import { type EncodableField, type HeaderField, headerField } from '../../../../wire/http2/http2.ts'
import type { HttpExchange, HttpFailure, HttpField, HttpHead, HttpListener } from '../../contracts/http-exchange.ts'
import type { SubchannelConnection } from '../../contracts/subchannel.ts'
import { Attempt, type AttemptOwner } from '../attempt.ts'
import type { RequestMessage } from '../compress-message.ts'
import type { MethodPlan } from '../method-plan.ts'

/** A method, with what the requests of all its calls share. */
export interface HttpMethod {
  readonly plan: MethodPlan
  /** The fields of the protocol. */
  readonly fields: readonly EncodableField[]
  /** Returns the timeout field; null if the protocol cannot express the timeout. */
  timeoutField(timeoutMs: number): EncodableField | null
}

/** The parts of a request that may differ between calls. */
export interface RequestInit {
  readonly method?: string
  /** The path with the query. */
  readonly path?: string
  readonly fields?: readonly EncodableField[]
  /** The whole body; null if its pieces follow. */
  readonly body: Uint8Array | null
}

const NO_FIELDS: readonly HttpField[] = Object.freeze([])

/** Sends one request. Subclasses handle its body and response. */
export abstract class HttpAttempt extends Attempt implements HttpListener {
  protected readonly method: HttpMethod
  /** Null until there is a connection. */
  protected exchange: HttpExchange | null = null
  /** Null before the response. */
  protected head: HttpHead | null = null

  constructor(method: HttpMethod, owner: AttemptOwner, kind: AttemptStart) {
    super(owner, kind)
    this.method = method
  }

  override get sentBytes(): number {
    return this.exchange?.sentBytes ?? 0
  }

  override get headers(): readonly HttpField[] {
    return this.head?.fields ?? NO_FIELDS
  }

  override get httpStatus(): number | undefined {
    return this.head?.status
  }

  override sendOne(connection: SubchannelConnection, message: RequestMessage): void {
    const { envelope } = message
    this.request(connection, { body: envelope })
    this.sent(message, envelope.length)
  }

  override open(connection: SubchannelConnection): void {
    this.request(connection, { body: null })
  }

  override write(message: RequestMessage): boolean {
    const { exchange } = this
    if (exchange === null) return true
    this.sent(message, message.envelope.length)
    return writeEnveloped(exchange, message.envelope)
  }

  override writeEncoded(message: EncodedMessage): boolean {
    const { exchange } = this
    if (exchange === null) return true
    const hasRoom = writeEncoded(exchange, message)
    this.sentEncoded(message)
    return hasRoom
  }

  override endInput(): void {
    this.exchange?.end()
  }

  abstract onHead(head: HttpHead): void
  abstract onReadable(): void

  onWritable(): void {
    this.owner.onWritable(this)
  }

  onFailed({ error, processing }: HttpFailure): void {
    this.owner.onFailed(this, error, processing === 'unknown' ? 'lost' : processing)
  }

  protected request(connection: SubchannelConnection, init: RequestInit): void {
    const { plan, fields: ofMethod, timeoutField } = this.method
    const { scheme, authority } = plan.settings
    const { method = 'POST', path = plan.requestPath, body } = init
    const fields = this.headFields(init.fields ?? ofMethod, timeoutField)
    const isIdempotent = plan.method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN
    this.exchange = connection.exchange({ method, scheme, authority, path, fields, body, isIdempotent }, this)
  }

  protected override close(): void {
    this.exchange?.cancel()
  }
}

/** Converts fields for balancers and policies. */
export function toHeaderFields(fields: readonly HttpField[]): HeaderField[] {
  return fields.map(({ name, value }) => headerField(name, value))
}
