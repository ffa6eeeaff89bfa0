/** Reads the requests of REST. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { MessageReader } from '../../../../../wire/envelope-reader.ts'
import { parseContentType } from '../../../exchange/call-head.ts'
import type { Exchange } from '../../../exchange/exchange.ts'
import { BodyReader } from '../../connect/body-reader.ts'
import type { ProtocolPlan } from '../../server-protocol.ts'
import { withHttpStatus } from '../errors/http-status.ts'
import { JsonStreamReader } from '../streams/json-stream-reader.ts'
import { NDJSON_TYPES } from '../streams/stream-format.ts'
import { HeadBinder } from './head-binder.ts'
import { RawStreamReader } from './raw-stream-reader.ts'
import type { RestCodec } from './rest-codec.ts'

/**
 * Creates the reader of a request.
 *
 * @param prefixChars the length of what stands before the paths of bindings
 */
export function createRestReader(exchange: Exchange, plan: ProtocolPlan, prefixChars: number): MessageReader<Message> {
  const codec = plan.codec as RestCodec
  const { operation } = codec
  const binder = new HeadBinder(exchange.head, codec, prefixChars)
  if (!operation.readsStream) return new RestBodyReader(exchange, plan, binder)
  if (operation.readsRaw) return new RawStreamReader(exchange, plan.reading, binder)
  const { essence } = parseContentType(exchange.head.get('content-type') ?? '')
  const { maxBytes, decoder } = plan.reading
  return new JsonStreamReader(exchange, { maxBytes, decoder, binder, isLines: NDJSON_TYPES.has(essence) })
}

/** Collects the body of a request that is one message, decodes it, and applies the head. */
export class RestBodyReader extends BodyReader<Message> {
  /** Whether the whole request was valid, so that a handler may have received it. */
  isBound = false
  readonly #exchange: Exchange
  readonly #codec: RestCodec
  readonly #binder: HeadBinder

  constructor(exchange: Exchange, plan: ProtocolPlan, binder: HeadBinder) {
    super(exchange, plan.reading)
    this.#exchange = exchange
    this.#codec = plan.codec as RestCodec
    this.#binder = binder
  }

  /** @throws ConnectError with the HTTP status 413 for a body above the limit */
  override poll(): boolean {
    try {
      return super.poll()
    } catch (error) {
      throw error instanceof ConnectError && error.code === Code.ResourceExhausted ? withHttpStatus(error, 413) : error
    }
  }

  override take(): Message | Promise<Message> {
    const { readsRaw } = this.#codec.operation
    const type = this.#exchange.head.get('content-type')
    if (type === undefined && !readsRaw && this.#exchange.readableBytes > 0) throw noContentType()
    const message = super.take()
    return message instanceof Promise ? message.then((decoded) => this.#bind(decoded)) : this.#bind(message)
  }

  #bind(message: Message): Message {
    this.#binder.bind(message)
    this.isBound = true
    return message
  }
}

/** A page of any origin can send such a body without a preflight. */
function noContentType(): ConnectError {
  const error = new ConnectError(
    'content-type must be application/json for a request with a body',
    Code.InvalidArgument,
  )
  return withHttpStatus(error, 415)
}
