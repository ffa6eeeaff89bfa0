/** gRPC over HTTP/2. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../../../wire/call-observer.ts'
import type { EncodedMessage } from '../../../../../wire/codec/encode/message-encoder.ts'
import { ENVELOPE_PREFIX_BYTES, writeEncoded, writeEnveloped } from '../../../../../wire/envelope.ts'
import { EnvelopeReader, type MessageReader } from '../../../../../wire/envelope-reader.ts'
import {
  type EncodableField,
  ErrorCode,
  type HeaderField,
  HeaderTemplate,
  type Http2Stream,
  type ResponseHead,
  type StreamReset,
  type StreamSink,
} from '../../../../../wire/http2/http2.ts'
import { errorOfHttpStatus, errorOfReset, errorOfTrailers, fieldValue } from '../../../../../wire/read-status.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import { formatGrpcTimeout, parseGrpcTimeout } from '../../../../../wire/timeout-header.ts'
import { processingOf } from '../../../contracts/http-exchange.ts'
import { overLimits } from '../../../contracts/metadata-limits.ts'
import type { SubchannelConnection } from '../../../contracts/subchannel.ts'
import { Attempt, type AttemptFactory, type AttemptOwner } from '../../attempt.ts'
import type { RequestMessage } from '../../compress-message.ts'
import type { ClientProtocol, MethodPlan } from '../../method-plan.ts'
import { countingDecoder } from '../counting-decoder.ts'
import { responseEncoding } from '../response-encoding.ts'

/** The client side of gRPC. */
export const grpcProtocol: ClientProtocol = Object.freeze({
  name: 'grpc',
  httpMethodOf: () => 'POST',
  attemptsOf: (plan: MethodPlan) => new GrpcMethod(plan),
})

/** Returns the timeout field of gRPC and gRPC-Web. */
export function grpcTimeoutField(timeoutMs: number): EncodableField {
  return { name: 'grpc-timeout', value: formatGrpcTimeout(timeoutMs) }
}

/** Returns the timeout field for interceptors: in whole milliseconds, as in Connect. */
export function grpcShownTimeout(timeoutMs: number): EncodableField {
  const field = { name: 'grpc-timeout', value: `${timeoutMs}m` }
  return parseGrpcTimeout(field.value) === undefined ? grpcTimeoutField(timeoutMs) : field
}

/** Returns the compression fields of gRPC and gRPC-Web. */
export function grpcEncodingFields({ sendCompression, acceptCompression }: MethodPlan['settings']): EncodableField[] {
  const fields: EncodableField[] = []
  if (sendCompression !== null) fields.push({ name: 'grpc-encoding', value: sendCompression.name })
  if (acceptCompression.length > 0) {
    fields.push({ name: 'grpc-accept-encoding', value: acceptCompression.map(({ name }) => name).join(',') })
  }
  return fields
}

/** A method, with the head that all its calls share. */
class GrpcMethod implements AttemptFactory {
  readonly plan: MethodPlan
  readonly head: HeaderTemplate
  readonly shownTimeout = grpcShownTimeout

  constructor(plan: MethodPlan) {
    const { scheme, authority, userAgent, format } = plan.settings
    this.plan = plan
    this.head = new HeaderTemplate([
      { name: ':method', value: 'POST' },
      { name: ':scheme', value: scheme },
      { name: ':path', value: plan.requestPath },
      { name: ':authority', value: authority },
      { name: 'te', value: 'trailers' },
      { name: 'content-type', value: format === 'json' ? 'application/grpc+json' : 'application/grpc+proto' },
      { name: 'user-agent', value: userAgent },
      ...grpcEncodingFields(plan.settings),
    ])
  }

  get fields(): readonly EncodableField[] {
    return this.head.fields
  }

  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt {
    return new GrpcAttempt(this, owner, kind)
  }
}

const GRPC_CONTENT = /^application\/grpc(?:[+;]|$)/
const NO_FIELDS: readonly HeaderField[] = Object.freeze([])

/** Reads messages directly from the stream. */
class GrpcAttempt extends Attempt implements StreamSink {
  readonly #method: GrpcMethod
  #stream: Http2Stream | null = null
  #head: ResponseHead | null = null
  /** Null until messages are read. */
  #reader: EnvelopeReader<Message> | null = null

  constructor(method: GrpcMethod, owner: AttemptOwner, kind: AttemptStart) {
    super(owner, kind)
    this.#method = method
  }

  override get sentBytes(): number {
    return this.#stream?.sentBytes ?? 0
  }

  override get headers(): readonly HeaderField[] {
    return this.#head?.fields ?? NO_FIELDS
  }

  override get trailers(): readonly HeaderField[] | null {
    const trailers = this.#stream?.trailers ?? null
    if (trailers !== null) return trailers
    return this.#head !== null && fieldValue(this.#head.fields, 'grpc-status') !== undefined ? this.#head.fields : null
  }

  override get httpStatus(): number | undefined {
    return this.#head?.status
  }

  override sendOne(connection: SubchannelConnection, message: RequestMessage): void {
    const { envelope } = message
    this.#request(connection).end(envelope)
    this.sent(message, envelope.length)
  }

  override open(connection: SubchannelConnection): void {
    this.#request(connection)
  }

  override write(message: RequestMessage): boolean {
    const { envelope } = message
    this.sent(message, envelope.length)
    return this.#stream === null || writeEnveloped(this.#stream, envelope)
  }

  override writeEncoded(message: EncodedMessage): boolean {
    const hasRoom = this.#stream === null || writeEncoded(this.#stream, message)
    this.sentEncoded(message)
    return hasRoom
  }

  override endInput(): void {
    this.#stream?.end()
  }

  override readAll(): void {
    this.#stream?.want(ENVELOPE_PREFIX_BYTES + this.owner.maxReceiveBytes + 1)
  }

  override takeOnly(): Message | Promise<Message> {
    const reader = this.createReader()
    reader.pollOnly()
    return reader.take()
  }

  override createReader(): MessageReader<Message> {
    const { report } = this
    const { codec, settings } = this.#method.plan
    if (this.#stream === null) throw new ConnectError('the attempt has no stream', Code.Internal)
    const reader: EnvelopeReader<Message> = new EnvelopeReader(this.#stream, {
      maxBytes: this.owner.maxReceiveBytes,
      compression: this.inflating(
        responseEncoding(this.#head?.get('grpc-encoding'), settings.acceptCompression),
        settings.budget,
      ),
      decoder: report === null ? codec : countingDecoder(codec, report, () => reader.receivedBytes),
      truncatedCode: Code.Internal,
    })
    this.#reader = reader
    return reader
  }

  override readStatus(): ConnectError | null {
    const stream = this.#stream
    const head = this.#head
    if (stream === null || head === null) return new ConnectError('the stream ended without an answer', Code.Internal)
    // Without the end, there are more octets than a message may have, and reading it reports that.
    if (!stream.isPeerDone) return null
    if (stream.areTrailersCut) return overLimits('trailers')
    // With messages, the status is in the trailers, and one in the head does not count.
    const hasBody = stream.readableBytes > 0 || (this.#reader?.receivedBytes ?? 0) > 0
    const error = errorOfTrailers(stream.trailers ?? (hasBody ? NO_FIELDS : head.fields))
    if (error === undefined) return errorOfHttpStatus(head.status)
    if (error !== null && stream.trailers !== null) addMetadata(error, head.fields)
    return error
  }

  onHead(stream: Http2Stream, head: ResponseHead): void {
    this.#head = head
    const isAll = stream.isPeerDone && stream.trailers === null && stream.readableBytes === 0
    const status = isAll && !head.isTooLarge ? this.readStatus() : null
    const error = status ?? headFault(head)
    if (error === null) this.answer()
    else this.owner.onFailed(this, error, 'answered')
  }

  onReadable(): void {
    this.owner.onReadable(this)
  }

  onWritable(): void {
    this.owner.onWritable(this)
  }

  onReset(stream: Http2Stream, reset: StreamReset): void {
    const processing = processingOf(stream, reset)
    this.owner.onFailed(this, errorOfReset(reset), processing === 'unknown' ? 'lost' : processing)
  }

  protected override close(): void {
    const stream = this.#stream
    if (stream === null) return
    stream.sink = null
    if (!stream.isPeerDone) stream.reset(ErrorCode.CANCEL)
  }

  #request(connection: SubchannelConnection): Http2Stream {
    const { head } = this.#method
    const fields = this.headFields(head.fields, grpcTimeoutField)
    const stream = connection.request(fields === head.fields ? head : fields, this)
    this.#stream = stream
    return stream
  }
}

/** Returns the error for a response that is not gRPC, or null. Does not wait for trailers of HTTP errors, unless they are in the head. */
function headFault(head: ResponseHead): ConnectError | null {
  if (head.isTooLarge) return overLimits('headers')
  if (fieldValue(head.fields, 'grpc-status') !== undefined) return null
  if (head.status !== 200) return withMetadata(errorOfHttpStatus(head.status), head)
  const contentType = head.get('content-type') ?? ''
  if (GRPC_CONTENT.test(contentType)) return null
  return withMetadata(new ConnectError(`the answer is "${clipValue(contentType)}", not gRPC`, Code.Unknown), head)
}

function withMetadata(error: ConnectError, { fields }: ResponseHead): ConnectError {
  addMetadata(error, fields)
  return error
}

function addMetadata(error: ConnectError, fields: readonly HeaderField[]): void {
  for (const { name, value } of fields) error.metadata.append(name, value)
}
