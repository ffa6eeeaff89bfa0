/** Unary calls of the Connect protocol, whose body is the message, and whose errors have their own HTTP status. */
import type { Message } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import { errorFromJsonBytes } from '@connectrpc/connect/protocol-connect'
import type { AttemptStart } from '../../../../../wire/call-observer.ts'
import { AS_OCTETS, inflateAndDecode, type MessageReader, tooLarge } from '../../../../../wire/envelope-reader.ts'
import type { EncodableField, HeaderField } from '../../../../../wire/http2/http2.ts'
import { checkJson } from '../../../../../wire/json/parse-json.ts'
import { fieldValue, toHeaders } from '../../../../../wire/read-status.ts'
import type { HttpField, HttpHead } from '../../../contracts/http-exchange.ts'
import { overLimits } from '../../../contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../../../contracts/subchannel.ts'
import type { Attempt, AttemptFactory, AttemptOwner } from '../../attempt.ts'
import { answerError } from '../../call-errors.ts'
import type { RequestMessage } from '../../compress-message.ts'
import type { MethodPlan } from '../../method-plan.ts'
import { HttpAttempt, type HttpMethod, toHeaderFields } from '../http-attempt.ts'
import { responseEncoding } from '../response-encoding.ts'
import { connectFields, connectTimeoutField, contentFault, httpError } from './connect-head.ts'
import { connectQuery } from './connect-query.ts'

/** A unary method. */
export class ConnectUnaryMethod implements AttemptFactory, HttpMethod {
  readonly plan: MethodPlan
  readonly contentType: string
  readonly fields: readonly EncodableField[]
  readonly timeoutField = connectTimeoutField
  readonly shownTimeout = connectTimeoutField
  /** Whether its calls are GET requests. */
  readonly isGet: boolean

  constructor(plan: MethodPlan, isGet: boolean) {
    const { format, acceptCompression, userAgent } = plan.settings
    this.plan = plan
    this.isGet = isGet
    this.contentType = `application/${format === 'json' ? 'json' : 'proto'}`
    const fields = connectFields(plan, this.contentType)
    if (acceptCompression.length > 0) {
      fields.push({ name: 'accept-encoding', value: acceptCompression.map(({ name }) => name).join(',') })
    }
    // Otherwise caches would store a response for each encoding.
    this.fields = isGet ? [{ name: 'user-agent', value: userAgent }] : fields
  }

  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt {
    return new ConnectUnaryAttempt(this, owner, kind)
  }
}

const TRAILER_PREFIX = 'trailer-'
const JSON_CONTENT = /^application\/json\s*(?:;|$)/i
const NO_BODY = new Uint8Array(0)

class ConnectUnaryAttempt extends HttpAttempt {
  readonly #method: ConnectUnaryMethod
  /** The inflated body, once it has arrived. */
  #body: Uint8Array | null = null

  constructor(method: ConnectUnaryMethod, owner: AttemptOwner, kind: AttemptStart) {
    super(method, owner, kind)
    this.#method = method
  }

  override get headers(): readonly HttpField[] {
    return super.headers.filter(({ name }) => !name.startsWith(TRAILER_PREFIX))
  }

  override get trailers(): readonly HeaderField[] | null {
    if (this.head === null) return null
    const trailers = this.head.fields.filter(({ name }) => name.startsWith(TRAILER_PREFIX))
    const bare = trailers.map(({ name, value }) => ({ name: name.slice(TRAILER_PREFIX.length), value }))
    // The metadata of an error is in its head.
    return toHeaderFields(this.head.status === 200 ? bare : [...this.headers, ...bare])
  }

  override sendOne(connection: SubchannelConnection, message: RequestMessage): void {
    const { plan, fields, contentType, isGet } = this.#method
    const { data } = message
    const encoding = message.isCompressed ? (plan.settings.sendCompression?.name ?? null) : null
    if (isGet) {
      const path = plan.requestPath + connectQuery(data, contentType, encoding)
      this.request(connection, { method: 'GET', path, body: NO_BODY })
    } else if (encoding === null) {
      this.request(connection, { body: data })
    } else {
      this.request(connection, {
        body: data,
        fields: [...fields, { name: 'content-encoding', value: encoding }],
      })
    }
    this.sent(message, isGet ? 0 : data.byteLength)
  }

  override readAll(): void {}

  override takeOnly(): Message {
    return this.#method.plan.codec.decode(this.#body ?? NO_BODY)
  }

  override createReader(): MessageReader<Message> {
    throw new TypeError('a unary call has no stream of messages')
  }

  override readStatus(): null {
    return null
  }

  onHead(head: HttpHead): void {
    this.head = head
    const fault = this.#headFault(head)
    if (fault !== null) {
      this.owner.onFailed(this, fault, 'answered')
      return
    }
    if (head.status === 200) this.answer()
    this.onReadable()
  }

  onReadable(): void {
    const { exchange } = this
    const maxBytes = this.#maxBodyBytes
    if (this.isOver || exchange === null || !exchange.want(maxBytes + 1)) return
    const bytes = exchange.readableBytes
    if (bytes > maxBytes) this.#fail(this.#isError ? overLimits('error') : tooLarge(bytes, maxBytes))
    else this.#inflate(bytes === 0 ? NO_BODY : exchange.read(bytes))
  }

  get #isError(): boolean {
    return this.head !== null && this.head.status !== 200
  }

  /** Maximum size, both compressed and inflated. */
  get #maxBodyBytes(): number {
    const { metadataLimits } = this.#method.plan.settings
    return this.#isError ? metadataLimits.maxHeaderListBytes : this.owner.maxReceiveBytes
  }

  /** Returns the error for a body that is neither the expected message nor the JSON of an error; else null. */
  #headFault(head: HttpHead): ConnectError | null {
    if (head.status === 200) return contentFault(head, this.#method.contentType)
    if (JSON_CONTENT.test(fieldValue(head.fields, 'content-type') ?? '')) return null
    return this.#errorOfHead(head)
  }

  #errorOfHead(head: HttpHead): ConnectError {
    const error = httpError(head)
    for (const { name, value } of this.trailers ?? []) error.metadata.append(name, value)
    return error
  }

  #inflate(data: Uint8Array): void {
    const { settings } = this.#method.plan
    try {
      const encoding = responseEncoding(fieldValue(this.headers, 'content-encoding'), settings.acceptCompression)
      const compression = this.inflating(encoding, settings.budget)
      const body = inflateAndDecode(data, { compression, maxBytes: this.#maxBodyBytes, decoder: AS_OCTETS })
      if (body instanceof Promise) void this.#inflateLater(data, body)
      else this.#onBody(data, body)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  async #inflateLater(data: Uint8Array, inflating: Promise<Uint8Array>): Promise<void> {
    try {
      this.#onBody(data, await inflating)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #onBody(data: Uint8Array, body: Uint8Array): void {
    const { head } = this
    if (this.isOver || head === null) return
    const bodyBytes = data.byteLength
    if (head.status === 200) {
      this.#body = body
      this.report?.onReceived({ wireBytes: bodyBytes, bytes: body.byteLength, bodyBytes })
      this.owner.onReadable(this)
    } else {
      this.report?.onEnding(bodyBytes)
      this.#fail(this.#errorOfJson(body, head))
    }
  }

  #errorOfJson(body: Uint8Array, head: HttpHead): unknown {
    const fallback = httpError(head)
    try {
      checkJson(body)
      return errorFromJsonBytes(body, toHeaders(this.trailers ?? []), fallback)
    } catch {
      return fallback
    }
  }

  #fail(thrown: unknown): void {
    if (!this.isOver) this.owner.onFailed(this, answerError(thrown), 'answered')
  }
}
